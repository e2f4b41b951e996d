//! The types of columns, the same names for every database.

use std::borrow::Cow;

/// What a column holds. Each dialect has its own words for it; what it does not have it stores as the nearest type that loses
/// nothing (`docs/guide/values.md`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// 16 bits.
    SmallInteger,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// True or false.
    Boolean,
    /// A floating point number of 32 bits.
    Float,
    /// A floating point number of 64 bits.
    Double,
    /// An exact decimal of that many digits, so many of them behind the point.
    Numeric {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// Text of at most that many characters.
    String {
        /// Characters.
        length: u32,
    },
    /// Text of any length.
    Text,
    /// Bytes of any length.
    LargeBinary,
    /// A calendar date.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A date and time without a zone, to the microsecond.
    DateTime,
    /// A moment in time, to the microsecond.
    Timestamp,
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
    /// A list of values of one type: PostgreSQL's.
    Array(Box<SqlType>),
    /// A type by the database's own name, which goes into the text as it stands: from a literal or from the database's own
    /// catalog, never from input.
    Native(Cow<'static, str>),
}

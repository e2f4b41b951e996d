//! Rust types → the types of their columns.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::SqlType;
use crate::value::{Json, Range};

/// A Rust type that says which type its columns and its CASTs have. `Option` of one may be NULL.
///
/// A decimal is not among them, because nobody knows how many digits it is to have; nor is anything that is text with a limit.
///
/// ```
/// use rebis_core::schema::{ColumnDef, ColumnType, SqlType};
///
/// struct Email(String);
///
/// impl ColumnType for Email {
///     fn sql_type() -> SqlType {
///         SqlType::String { length: 254 }
///     }
/// }
///
/// assert_eq!(ColumnDef::of::<Option<Email>>("email"), ColumnDef::new("email", SqlType::String { length: 254 }).nullable());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which type its columns have",
    note = "whole numbers are `i16`, `i32`, `i64`, `u16`, `u32` and `u64`; a smaller one goes with `SqlType::SmallInteger`",
    note = "write `impl rebis::schema::ColumnType for {Self}`, or name the type: `ColumnDef::new(name, SqlType::…)`, on the field of a model `#[rebis(type = SqlType::…)]`"
)]
pub trait ColumnType {
    /// Whether it has room for NULL.
    const NULLABLE: bool = false;

    /// The type.
    fn sql_type() -> SqlType;
}

impl<T: ColumnType> ColumnType for Option<T> {
    const NULLABLE: bool = true;

    fn sql_type() -> SqlType {
        T::sql_type()
    }
}

macro_rules! mapped {
    ($($rust:ty => $sql_type:ident)*) => {$(
        impl ColumnType for $rust {
            fn sql_type() -> SqlType {
                SqlType::$sql_type
            }
        }
    )*};
}

mapped! {
    i16 => SmallInteger
    i32 => Integer
    i64 => BigInteger
    u16 => UnsignedSmallInteger
    u32 => UnsignedInteger
    u64 => UnsignedBigInteger
    bool => Boolean
    f32 => Float
    f64 => Double
    String => Text
    Vec<u8> => LargeBinary
    NaiveDate => Date
    NaiveTime => Time
    NaiveDateTime => DateTime
    DateTime<Utc> => Timestamp
    TimeDelta => Interval
    uuid::Uuid => Uuid
    serde_json::Value => Json
    std::net::IpAddr => Inet
}

#[cfg(feature = "jiff")]
mapped! {
    jiff::civil::Date => Date
    jiff::civil::Time => Time
    jiff::civil::DateTime => DateTime
    jiff::Timestamp => Timestamp
    jiff::SignedDuration => Interval
}

#[cfg(feature = "time")]
mapped! {
    time::Date => Date
    time::Time => Time
    time::PrimitiveDateTime => DateTime
    time::OffsetDateTime => Timestamp
    time::Duration => Interval
}

impl<T: ColumnType> ColumnType for Range<T> {
    fn sql_type() -> SqlType {
        SqlType::Range(Box::new(T::sql_type()))
    }
}

impl<T> ColumnType for Json<T> {
    fn sql_type() -> SqlType {
        SqlType::Json
    }
}

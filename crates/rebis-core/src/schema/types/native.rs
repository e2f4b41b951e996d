//! Types that one database has and others do not.

use std::borrow::Cow;
use std::fmt;

/// A type's name that goes into the text as it stands: a literal of the program, or what it calls [`raw`](NativeName::raw).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NativeName(Cow<'static, str>);

impl NativeName {
    /// A name that is made at run time, or was read from the database's own catalogue. It becomes SQL as it is: never from input.
    pub fn raw(name: impl Into<String>) -> Self {
        NativeName(Cow::Owned(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for NativeName {
    fn from(name: &'static str) -> Self {
        NativeName(Cow::Borrowed(name))
    }
}

impl fmt::Display for NativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a type that was made in the database: a domain, an extension's type, an enum that somebody else makes. It is quoted
/// like every other name, so that its letters count as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypeName {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

impl TypeName {
    /// The type of that name, where the connection's search path finds it.
    pub fn new(name: impl Into<String>) -> Self {
        TypeName { schema: None, name: name.into() }
    }

    /// The same in this schema.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }
}

/// What MySQL and MariaDB have beside the portable types.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MysqlType {
    /// 8 bits.
    TinyInteger,
    /// 8 bits without a sign.
    UnsignedTinyInteger,
    /// 24 bits.
    MediumInteger,
    /// 24 bits without a sign.
    UnsignedMediumInteger,
    /// A year, 1901 to 2155; an integer in Rust.
    Year,
    /// So many bits, 1 to 64; an integer in Rust.
    Bit {
        /// Bits.
        length: u8,
    },
    /// Any of these labels, none or several; in Rust a text with commas between them.
    Set(Vec<Cow<'static, str>>),
    /// Text of at most 255 bytes.
    TinyText,
    /// Text of at most 64 KiB.
    Text,
    /// Text of at most 16 MiB.
    MediumText,
    /// At most 255 bytes.
    TinyBlob,
    /// At most 64 KiB.
    Blob,
    /// At most 16 MiB.
    MediumBlob,
}

impl MysqlType {
    /// `SET(…)` of these labels.
    pub fn set<L: Into<Cow<'static, str>>>(labels: impl IntoIterator<Item = L>) -> Self {
        MysqlType::Set(labels.into_iter().map(Into::into).collect())
    }

    /// Whether it is a text or bytes outside of the row, whose default is an expression.
    pub(crate) fn is_large(&self) -> bool {
        use MysqlType::{Blob, MediumBlob, MediumText, Text, TinyBlob, TinyText};
        matches!(self, TinyText | Text | MediumText | TinyBlob | Blob | MediumBlob)
    }

    pub(crate) fn is_integer(&self) -> bool {
        use MysqlType::{MediumInteger, TinyInteger, UnsignedMediumInteger, UnsignedTinyInteger};
        matches!(self, TinyInteger | UnsignedTinyInteger | MediumInteger | UnsignedMediumInteger)
    }
}

/// What PostgreSQL has beside the portable types. In Rust they are texts, as the database writes and reads them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresqlType {
    /// JSON that keeps its text: spaces, the order of keys.
    Json,
    /// A network: `10.0.0.0/8`.
    Cidr,
    /// The address of a network card.
    MacAddr,
    /// So many bits.
    Bit {
        /// Bits.
        length: u32,
    },
    /// At most so many bits.
    BitVarying {
        /// Bits.
        length: u32,
    },
    /// A time of day with its distance from UTC.
    TimeTz,
    /// A document taken apart for full-text search.
    TsVector,
    /// What full-text search looks for.
    TsQuery,
    /// XML.
    Xml,
    /// Text that compares without regard to capitals: of the extension citext.
    Citext,
    /// Texts by text: of the extension hstore.
    Hstore,
}

//! Rust enums as values of SQL.

/// Makes a Rust enum a value: bound as its label, decoded from it, with a type of its own in DDL and CASTs, comparing with itself
/// only. It stands beside the enum's definition, and lists each variant; one that is left out does not compile.
///
/// ```
/// use rebis_core::schema::{ColumnDef, Table};
/// use rebis_core::sql::{Expression, insert_into, select};
/// use rebis_core::{Dialect, Engine, ErrorKind, sql_enum, text};
///
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// enum Mood {
///     Sad,
///     Happy,
/// }
///
/// sql_enum!(Mood as "mood" { Sad => "sad", Happy => "happy" });
///
/// let users = Table::build("users").column(ColumnDef::of::<Mood>("mood")).finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&users)?;
/// conn.execute(insert_into(&users).values([("mood", Mood::Happy)])?)?;
/// let found = select(users.c("mood").type_coerce::<Mood>()).filter(users.c("mood").eq(Mood::Happy));
/// assert_eq!(conn.scalar::<Mood>(found)?, Mood::Happy);
///
/// // A label that there is not: refused by the database, and an error where a cell has it.
/// let angry = text("insert into users values ('angry')");
/// assert_eq!(conn.execute(angry).unwrap_err().kind(), ErrorKind::CheckViolation);
/// let error = conn.scalar::<Mood>(text("select 'angry' as mood")).unwrap_err();
/// assert!(error.to_string().starts_with("column 'mood' cannot be read as"), "{error}");
/// assert!(error.to_string().ends_with("the text is no label of mood, which has 'sad', 'happy'"), "{error}");
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[macro_export]
macro_rules! sql_enum {
    ($rust:ident as $name:literal { $($variant:ident => $label:literal),+ $(,)? }) => {
        impl $crate::schema::SqlEnum for $rust {
            const NAME: &'static str = $name;
            const LABELS: &'static [&'static str] = &[$($label),+];

            fn label(self) -> &'static str {
                match self {
                    $($rust::$variant => $label,)+
                }
            }

            fn from_label(label: &str) -> ::core::option::Option<Self> {
                match label {
                    $($label => ::core::option::Option::Some($rust::$variant),)+
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl ::core::convert::From<$rust> for $crate::value::Value {
            fn from(value: $rust) -> Self {
                $crate::schema::SqlEnum::label(value).into()
            }
        }

        impl $crate::value::FromValue for $rust {
            fn from_value(
                value: $crate::value::ValueRef<'_>,
            ) -> ::core::result::Result<Self, $crate::value::Mismatch> {
                $crate::schema::SqlEnum::from_cell(value)
            }
        }

        impl $crate::value::Element for $rust {}

        impl $crate::schema::ColumnType for $rust {
            fn sql_type() -> $crate::schema::SqlType {
                $crate::schema::SqlType::Enum($crate::schema::EnumType::of::<$rust>())
            }
        }

        impl $crate::sql::Typed for $rust {
            type Family = $crate::sql::family::Own<$rust>;
            type Nullable = ::core::option::Option<$rust>;
        }

        impl $crate::sql::Literal for $rust {}
        impl $crate::sql::ElementOf for $rust {}
    };
}

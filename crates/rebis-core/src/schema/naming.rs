//! What constraints and indexes are called that have no name of their own.

/// The longest name that every database takes: PostgreSQL's 63 bytes.
const LONGEST: usize = 63;

/// Templates for the names of constraints and indexes, so that not the database chooses them and a later change can name them.
///
/// In a template `{table}` stands for the table, `{columns}` for the columns with `_` between them, `{referred_table}` for the
/// table that a foreign key refers to, `{number}` for a check's place among the table's. A name of more than 63 bytes is cut and
/// ends in a hash of the whole.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, MetaData, NamingConvention, SqlType, Table};
///
/// let tags = Table::build("tags").column(ColumnDef::new("name", SqlType::Text).unique()).finish()?;
/// assert!(tags.create_sql(Dialect::SQLITE)?[0].contains(r#"CONSTRAINT "uq_tags_name" UNIQUE"#));
/// let metadata = MetaData::new().naming_convention(NamingConvention::default().unique("{table}_{columns}_key")).table(&tags);
/// assert_eq!(metadata.sorted_tables()?.len(), 1);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamingConvention {
    primary_key: String,
    foreign_key: String,
    unique: String,
    index: String,
    check: String,
}

impl Default for NamingConvention {
    fn default() -> Self {
        NamingConvention {
            primary_key: "pk_{table}".into(),
            foreign_key: "fk_{table}_{columns}_{referred_table}".into(),
            unique: "uq_{table}_{columns}".into(),
            index: "ix_{table}_{columns}".into(),
            check: "ck_{table}_{number}".into(),
        }
    }
}

impl NamingConvention {
    /// The same with this template for primary keys instead of `pk_{table}`.
    #[must_use]
    pub fn primary_key(mut self, template: impl Into<String>) -> Self {
        self.primary_key = template.into();
        self
    }

    /// The same with this template for foreign keys instead of `fk_{table}_{columns}_{referred_table}`.
    #[must_use]
    pub fn foreign_key(mut self, template: impl Into<String>) -> Self {
        self.foreign_key = template.into();
        self
    }

    /// The same with this template for unique constraints instead of `uq_{table}_{columns}`.
    #[must_use]
    pub fn unique(mut self, template: impl Into<String>) -> Self {
        self.unique = template.into();
        self
    }

    /// The same with this template for indexes instead of `ix_{table}_{columns}`.
    #[must_use]
    pub fn index(mut self, template: impl Into<String>) -> Self {
        self.index = template.into();
        self
    }

    /// The same with this template for checks instead of `ck_{table}_{number}`.
    #[must_use]
    pub fn check(mut self, template: impl Into<String>) -> Self {
        self.check = template.into();
        self
    }

    pub(super) fn primary_key_name(&self, table: &str, columns: &[String]) -> String {
        fill(&self.primary_key, &[("{table}", table), ("{columns}", &columns.join("_"))])
    }

    pub(crate) fn foreign_key_name(&self, table: &str, columns: &[String], referred: &str) -> String {
        let parts = [("{table}", table), ("{columns}", &*columns.join("_")), ("{referred_table}", referred)];
        fill(&self.foreign_key, &parts)
    }

    pub(crate) fn unique_name(&self, table: &str, columns: &[String]) -> String {
        fill(&self.unique, &[("{table}", table), ("{columns}", &columns.join("_"))])
    }

    pub(crate) fn index_name(&self, table: &str, columns: &[String]) -> String {
        fill(&self.index, &[("{table}", table), ("{columns}", &columns.join("_"))])
    }

    pub(crate) fn check_name(&self, table: &str, number: usize) -> String {
        fill(&self.check, &[("{table}", table), ("{number}", &number.to_string())])
    }
}

/// The template with its parts, in one pass: a table called `{columns}` stays one.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut name = String::new();
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        if let Some((token, value)) = parts.iter().find(|(token, _)| rest.starts_with(token)) {
            name.push_str(value);
            rest = &rest[token.len()..];
        } else {
            name.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    shortened(name)
}

fn shortened(mut name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    // FNV-1a: the same name in each version of Rust, which std's hasher does not promise.
    let hash =
        name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut end = LONGEST - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name.push_str(&format!("_{hash:08x}"));
    name
}

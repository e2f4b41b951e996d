//! Functions and operators that every database writes differently: the text of each, by database.

use crate::dialect::Dialect;
use crate::sql::{DatePart, Known};

/// A text with places for the arguments: `{0}` as it stands, `{0!}` as an operand, in parentheses where needed.
pub(crate) type Template = &'static str;

/// The texts for SQLite, MySQL and PostgreSQL; `None` for what is not there.
type Templates = [Option<Template>; 3];

const fn each(sqlite: Template, mysql: Template, postgresql: Template) -> Templates {
    [Some(sqlite), Some(mysql), Some(postgresql)]
}

/// Which of the three texts is a dialect's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Sqlite = 0,
    Mysql = 1,
    Postgresql = 2,
}

impl Writing {
    /// Whether an argument stands more than once in the text.
    pub(crate) fn repeats(self, known: Known) -> bool {
        match known {
            Known::BitXor => self == Writing::Sqlite,
            Known::JsonText => self != Writing::Postgresql,
            _ => false,
        }
    }
}

impl Dialect {
    /// How the database writes it.
    pub(crate) fn template(&self, known: Known) -> Option<Template> {
        templates(known).get(self.writing as usize).copied().flatten()
    }

    /// Whether a path into JSON can name this key. What it cannot, MariaDB would not find, and say nothing.
    pub(crate) fn path_holds(&self, key: &str) -> bool {
        match self.writing {
            Writing::Postgresql => true,
            Writing::Sqlite => !key.contains(['"', '\\']),
            Writing::Mysql => {
                let odd = |letter: char| letter == '"' || letter == '\\' || letter < ' ';
                !key.starts_with('-') && !key.contains(odd)
            }
        }
    }
}

fn templates(known: Known) -> Templates {
    match known {
        Known::Length => each("length({0})", "char_length({0})", "char_length({0})"),
        // `round` of a double has no digits on PostgreSQL.
        Known::Round => each("round({0}, {1})", "round({0}, {1})", "round(CAST({0} AS NUMERIC), {1})"),
        Known::Substring => each("substr({0}, {1}, {2})", "substr({0}, {1}, {2})", "substr({0}, {1}, {2})"),
        // An argument stands once in each: twice would double a statement at each level.
        Known::Greatest => each("max({0}, {1})", "greatest({0}, {1})", "greatest({0}, {1})"),
        Known::Least => each("min({0}, {1})", "least({0}, {1})", "least({0}, {1})"),
        Known::Now => {
            each("strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')", "current_timestamp(6)", "current_timestamp")
        }
        Known::Extract(part) => extract(part),
        // Of two integers, towards zero, as in Rust.
        Known::IntegerDivide => each("{0!} / {1!}", "{0!} DIV {1!}", "{0!} / {1!}"),
        Known::WholeDivide => each(
            "{0!} / {1!}",
            "{0!} DIV {1!}",
            "CAST(div(CAST({0} AS NUMERIC), CAST({1} AS NUMERIC)) AS BIGINT)",
        ),
        Known::UnsignedDivide => {
            each("{0!} / {1!}", "{0!} DIV {1!}", "div(CAST({0} AS NUMERIC), CAST({1} AS NUMERIC))")
        }
        Known::TrueDivide => each(
            "CAST({0} AS REAL) / {1!}",
            "CAST({0} AS DOUBLE) / {1!}",
            "CAST({0} AS DOUBLE PRECISION) / {1!}",
        ),
        // SQLite's takes whole numbers only and cuts others first; PostgreSQL's takes no binary fractions.
        Known::FloatRemainder => [None, Some("{0!} % {1!}"), None],
        Known::DecimalRemainder => [None, Some("{0!} % {1!}"), Some("{0!} % {1!}")],
        // MySQL's are unsigned.
        Known::BitAnd => each("({0!} & {1!})", "CAST({0!} & {1!} AS SIGNED)", "({0!} & {1!})"),
        Known::BitOr => each("({0!} | {1!})", "CAST({0!} | {1!} AS SIGNED)", "({0!} | {1!})"),
        Known::BitXor => {
            each("(({0!} | {1!}) - ({0!} & {1!}))", "CAST({0!} ^ {1!} AS SIGNED)", "({0!} # {1!})")
        }
        Known::BitNot => each("(~{0!})", "CAST(~{0!} AS SIGNED)", "(~{0!})"),
        // PostgreSQL's keeps to the width of what it moves, and counts modulo it.
        Known::ShiftLeft => {
            each("({0!} << {1!})", "CAST({0!} << {1!} AS SIGNED)", "(CAST({0} AS BIGINT) << {1!})")
        }
        // MySQL's is unsigned and shifts zeros in: the numbers are moved above zero before, and back behind.
        Known::ShiftRight => each(
            "({0!} >> {1!})",
            "(CAST(({0!} ^ 9223372036854775808) >> {1!} AS SIGNED) - CAST(9223372036854775808 >> {1!} AS SIGNED))",
            "(CAST({0} AS BIGINT) >> {1!})",
        ),
        Known::FullText => {
            each(
                // Each word in quotes, or a search for `id:7` would look into other columns.
                r#"{0!} MATCH '"' || replace(replace({1}, '"', '""'), ' ', '" "') || '"'"#,
                "MATCH ({0}) AGAINST ({1})",
                "to_tsvector({0}) @@ plainto_tsquery({1})",
            )
        }
        Known::RegularExpression => [None, Some("{0!} REGEXP {1!}"), Some("{0!} ~ {1!}")],
        Known::JsonText => each(
            "CASE json_type({0}, {1}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(json_extract({0}, {1}) AS TEXT) END",
            "CASE WHEN json_type(json_extract({0}, {1})) <> 'NULL' THEN json_unquote(json_extract({0}, {1})) END",
            "{0!} #>> CAST({1} AS TEXT[])",
        ),
        Known::JsonInteger => each(
            "CAST(json_extract({0}, {1}) AS INTEGER)",
            "CAST(nullif(json_unquote(json_extract({0}, {1})), 'null') AS SIGNED)",
            "CAST({0!} #>> CAST({1} AS TEXT[]) AS BIGINT)",
        ),
        Known::JsonFloat => each(
            "CAST(json_extract({0}, {1}) AS REAL)",
            "CAST(nullif(json_unquote(json_extract({0}, {1})), 'null') AS DOUBLE)",
            "CAST({0!} #>> CAST({1} AS TEXT[]) AS DOUBLE PRECISION)",
        ),
        Known::JsonBoolean => each(
            "json_extract({0}, {1})",
            "nullif(json_unquote(json_extract({0}, {1})), 'null') = 'true'",
            "CAST({0!} #>> CAST({1} AS TEXT[]) AS BOOLEAN)",
        ),
    }
}

fn extract(part: DatePart) -> Templates {
    match part {
        DatePart::Year => each(
            "CAST(strftime('%Y', {0}) AS INTEGER)",
            "extract(YEAR FROM {0})",
            "CAST(extract(YEAR FROM {0}) AS BIGINT)",
        ),
        DatePart::Quarter => each(
            "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
            "extract(QUARTER FROM {0})",
            "CAST(extract(QUARTER FROM {0}) AS BIGINT)",
        ),
        DatePart::Month => each(
            "CAST(strftime('%m', {0}) AS INTEGER)",
            "extract(MONTH FROM {0})",
            "CAST(extract(MONTH FROM {0}) AS BIGINT)",
        ),
        DatePart::Day => each(
            "CAST(strftime('%d', {0}) AS INTEGER)",
            "extract(DAY FROM {0})",
            "CAST(extract(DAY FROM {0}) AS BIGINT)",
        ),
        DatePart::DayOfYear => each(
            "CAST(strftime('%j', {0}) AS INTEGER)",
            "dayofyear({0})",
            "CAST(extract(DOY FROM {0}) AS BIGINT)",
        ),
        DatePart::DayOfWeek => each(
            "CAST(strftime('%w', {0}) AS INTEGER)",
            "dayofweek({0}) - 1",
            "CAST(extract(DOW FROM {0}) AS BIGINT)",
        ),
        DatePart::Hour => each(
            "CAST(strftime('%H', {0}) AS INTEGER)",
            "extract(HOUR FROM {0})",
            "CAST(extract(HOUR FROM {0}) AS BIGINT)",
        ),
        DatePart::Minute => each(
            "CAST(strftime('%M', {0}) AS INTEGER)",
            "extract(MINUTE FROM {0})",
            "CAST(extract(MINUTE FROM {0}) AS BIGINT)",
        ),
        DatePart::Second => each(
            "CAST(strftime('%S', {0}) AS INTEGER)",
            "extract(SECOND FROM {0})",
            "CAST(floor(extract(SECOND FROM {0})) AS BIGINT)",
        ),
    }
}

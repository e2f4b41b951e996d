//! What a database prints as a column's default → a [`ServerDefault`].

use crate::schema::{DdlExpression, Sequence, ServerDefault, SqlType};

/// The default that a database's own text says, in a table of this schema.
pub(super) fn default_of(text: &str, sql_type: Option<&SqlType>, schema: &str) -> ServerDefault {
    let bare = without_parentheses(text);
    let is_now =
        bare.to_ascii_lowercase().starts_with("current_timestamp") && !bare.contains(['+', '-', '|', ' ']);
    // Of a type that only its database knows, how many digits it has is not known either: the catalogue's text says it.
    if is_now && sql_type.is_some() {
        return ServerDefault::CurrentTimestamp;
    }
    if bare.eq_ignore_ascii_case("true") || bare.eq_ignore_ascii_case("false") {
        return ServerDefault::Boolean(bare.eq_ignore_ascii_case("true"));
    }
    if let Some(sequence) = next_value(bare, schema) {
        return ServerDefault::NextValue(sequence);
    }
    match (server_default(text, sql_type), sql_type) {
        (Some(ServerDefault::Integer(number)), Some(SqlType::Boolean)) => ServerDefault::Boolean(number != 0),
        (Some(default), _) => default,
        (None, _) => ServerDefault::Expression(DdlExpression::of_catalog(text)),
    }
}

fn without_parentheses(text: &str) -> &str {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

/// PostgreSQL's `nextval('schema.name'::regclass)`, MariaDB's ``nextval(`schema`.`name`)``.
fn next_value(text: &str, own: &str) -> Option<Sequence> {
    let inside = text.strip_prefix("nextval(")?.strip_suffix(')')?;
    let inside = inside.strip_suffix("::regclass").unwrap_or(inside);
    let quoted = |text: &str| text.contains("''") || text.contains("``") || text.contains("\"\"");
    if quoted(inside) || inside.matches('.').count() > 1 {
        // A name with such characters: the text itself says it.
        return None;
    }
    let names = inside.trim_matches('\'');
    let bare = |name: &str| name.trim_matches(['`', '"']).to_owned();
    match names.split_once('.') {
        Some((schema, name)) if bare(schema) != own => Some(Sequence::new(bare(name)).schema(bare(schema))),
        Some((_, name)) => Some(Sequence::new(bare(name))),
        None => Some(Sequence::new(bare(names))),
    }
}

/// A number or a text; nothing for an expression.
pub(super) fn server_default(text: &str, sql_type: Option<&SqlType>) -> Option<ServerDefault> {
    use SqlType::{BigInteger, Integer, SmallInteger};
    let unwrapped = without_parentheses(text);
    if let Ok(number) = unwrapped.parse() {
        return Some(ServerDefault::Integer(number));
    }
    let inside = literal(unwrapped)?;
    match (sql_type, inside.parse()) {
        // PostgreSQL prints -1 as `'-1'::integer`.
        (Some(SmallInteger | Integer | BigInteger), Ok(number)) => Some(ServerDefault::Integer(number)),
        _ => Some(ServerDefault::Text(inside)),
    }
}

/// What a text in quotes says, alone or before PostgreSQL's `::type`. One with a backslash means something else on each
/// database, and is left alone.
fn literal(text: &str) -> Option<String> {
    let rest = text.strip_prefix('\'')?;
    let plain = rest.replace("''", "  ");
    let end = plain.find('\'')?;
    let after = rest.get(end + 1..)?;
    let in_a_name = |letter: char| letter.is_alphanumeric() || " _.\"[]".contains(letter);
    let is_cast = after.strip_prefix("::").is_some_and(|name| name.chars().all(in_a_name));
    let inside = rest.get(..end)?;
    ((after.is_empty() || is_cast || is_sized_cast(after)) && !inside.contains('\\'))
        .then(|| inside.replace("''", "'"))
}

/// `::character varying(20)`.
fn is_sized_cast(after: &str) -> bool {
    let Some((words, rest)) = after.strip_prefix("::").and_then(|after| after.split_once('(')) else {
        return false;
    };
    let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == ' ';
    words.chars().all(is_word)
        && rest.strip_suffix(')').is_some_and(|size| size.chars().all(|letter| letter.is_ascii_digit()))
}

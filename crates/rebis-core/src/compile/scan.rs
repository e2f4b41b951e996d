//! Finds `:name` in SQL text, and nothing that only looks like it.

use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};

/// A part of a statement's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Goes to the database as it stands.
    Sql(&'a str),
    /// A parameter's name, without its colon.
    Parameter(&'a str),
}

/// The parts of a text, in order.
pub(super) fn scan<'a>(sql: &'a str, dialect: &'a Dialect) -> impl Iterator<Item = Result<Piece<'a>>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let piece = next_piece(sql, &mut rest, dialect);
        if piece.is_err() {
            rest = "";
        }
        Some(piece)
    })
}

fn next_piece<'a>(sql: &'a str, rest: &mut &'a str, dialect: &Dialect) -> Result<Piece<'a>> {
    let text = *rest;
    let before = sql.len() - text.len();
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let tail = &text[at..];
        match byte {
            b':' => {
                if let Some(name) = parameter(sql, before + at) {
                    if at > 0 {
                        break;
                    }
                    *rest = &text[1 + name.len()..];
                    return Ok(Piece::Parameter(name));
                }
                // All colons of a run at once: `::` is a cast.
                at += tail.len() - tail.trim_start_matches(':').len();
            }
            b'\\' if tail.starts_with("\\:") => {
                if at > 0 {
                    break;
                }
                *rest = &text[2..];
                return Ok(Piece::Sql(&text[1..2]));
            }
            _ => at += skip(tail, sql, before + at, dialect)?,
        }
    }
    let (piece, after) = text.split_at(at);
    *rest = after;
    Ok(Piece::Sql(piece))
}

/// The name after the colon at this place, when it is a parameter: no colon or word character before, a word after.
fn parameter(sql: &str, colon: usize) -> Option<&str> {
    let before = sql[..colon].chars().next_back();
    if before.is_some_and(|last| last == ':' || last == '_' || last.is_alphanumeric()) {
        return None;
    }
    let after = &sql[colon + 1..];
    let length = after.find(|next: char| !(next == '_' || next.is_alphanumeric())).unwrap_or(after.len());
    let name = &after[..length];
    let is_name = name.chars().next().is_some_and(|first| first == '_' || first.is_alphabetic());
    // `:name:` is none, but `:name::int` casts one.
    let behind = &after[length..];
    (is_name && (!behind.starts_with(':') || behind.starts_with("::"))).then_some(name)
}

/// How far to go from here: past a quoted text or a comment, or one character.
fn skip(tail: &str, sql: &str, at: usize, dialect: &Dialect) -> Result<usize> {
    let first = tail.chars().next().unwrap_or(' ');
    match first {
        '\'' => {
            // PostgreSQL's E'…' has backslashes although '…' has none.
            let escaped = dialect.backslash_escapes || is_escape_string(sql, at, dialect);
            quoted(tail, '\'', escaped)
        }
        '"' => quoted(tail, '"', dialect.backslash_escapes),
        '`' => quoted(tail, '`', false),
        '[' if dialect.bracket_quotes => {
            tail.find(']').map(|end| end + 1).ok_or_else(|| unended("a name that begins with ["))
        }
        '-' if dash_comment(tail, dialect) => Ok(line_end(tail)),
        '#' if dialect.hash_comments => Ok(line_end(tail)),
        '/' if tail.starts_with("/*") => block_comment(tail, dialect.nested_comments),
        _ if is_native_placeholder(tail, sql, at, dialect) => Err(Error::new(
            ErrorKind::Statement,
            format!(
                "the statement has a placeholder of the database's own, {first}; write :name and bind it"
            ),
        )),
        '$' if dialect.dollar_quotes => dollar_quoted(tail, sql, at),
        _ => Ok(first.len_utf8()),
    }
}

fn dash_comment(tail: &str, dialect: &Dialect) -> bool {
    let after = tail.strip_prefix("--");
    after.is_some_and(|after| {
        !dialect.spaced_dash_comments || after.is_empty() || after.starts_with(char::is_whitespace)
    })
}

/// `?` and `?1`, SQLite's `@name` and `$name`, PostgreSQL's `$1`: beside ours they would take a value that is not theirs.
fn is_native_placeholder(tail: &str, sql: &str, at: usize, dialect: &Dialect) -> bool {
    let is_word = |character: char| character == '_' || character == '$' || character.is_alphanumeric();
    let in_word = sql[..at].chars().next_back().is_some_and(is_word);
    let after = tail.chars().nth(1);
    match (dialect.placeholder, tail.as_bytes().first()) {
        (Placeholder::Question | Placeholder::QuestionNumber, Some(b'?')) => true,
        (Placeholder::QuestionNumber, Some(b'@' | b'$')) => !in_word && after.is_some_and(is_word),
        (Placeholder::DollarNumber, Some(b'$')) => {
            !in_word && after.is_some_and(|digit| digit.is_ascii_digit())
        }
        _ => false,
    }
}

fn is_escape_string(sql: &str, quote: usize, dialect: &Dialect) -> bool {
    let before = &sql.as_bytes()[..quote];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    dialect.dollar_quotes
        && matches!(before.last(), Some(b'e' | b'E'))
        && !before.iter().rev().nth(1).is_some_and(is_word)
}

fn quoted(tail: &str, quote: char, backslash_escapes: bool) -> Result<usize> {
    let mut characters = tail.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == '\\' && backslash_escapes {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Ok(index + quote.len_utf8());
        }
    }
    Err(unended(&format!("a text that begins with {quote}")))
}

fn line_end(tail: &str) -> usize {
    tail.find('\n').unwrap_or(tail.len())
}

fn block_comment(tail: &str, nested: bool) -> Result<usize> {
    let mut depth = 1;
    let mut at = 2;
    while depth > 0 {
        let rest = &tail[at..];
        let end = rest.find("*/").ok_or_else(|| unended("a comment that begins with /*"))?;
        match rest.find("/*").filter(|start| nested && *start < end) {
            Some(start) => {
                depth += 1;
                at += start + 2;
            }
            None => {
                depth -= 1;
                at += end + 2;
            }
        }
    }
    Ok(at)
}

/// `$$ … $$` and `$tag$ … $tag$`; a dollar that belongs to a word or to `$1` is one character.
fn dollar_quoted(tail: &str, sql: &str, at: usize) -> Result<usize> {
    let is_word = |character: char| character == '_' || character.is_alphanumeric();
    let tag = tail[1..].find('$').map(|end| &tail[..end + 2]);
    let starts_word = sql[..at].chars().next_back().is_some_and(|last| is_word(last) || last == '$');
    match tag {
        Some(tag) if !starts_word => {
            let name = &tag[1..tag.len() - 1];
            if !name.chars().all(is_word) || name.starts_with(|first: char| first.is_ascii_digit()) {
                return Ok(1);
            }
            let body = &tail[tag.len()..];
            let end = body.find(tag).ok_or_else(|| unended(&format!("a text that begins with {tag}")))?;
            Ok(tag.len() + end + tag.len())
        }
        _ => Ok(1),
    }
}

fn unended(what: &str) -> Error {
    Error::new(ErrorKind::Statement, format!("{what} does not end"))
}

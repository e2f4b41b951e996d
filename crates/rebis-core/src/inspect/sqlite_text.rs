//! The text by which an SQLite table was made, read for what no pragma tells: the names of constraints, checks, what columns
//! are computed from, collations. What is not understood is left out.

use std::ops::Range;

use super::facts::CheckInfo;
use crate::schema::Deferral;

/// What the text says. Names are as they are written, without their quotes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Written {
    pub(super) primary_key: Option<String>,
    /// Names and columns.
    pub(super) uniques: Vec<(Option<String>, Vec<String>)>,
    pub(super) foreign_keys: Vec<(Option<String>, Vec<String>, Option<Deferral>)>,
    pub(super) checks: Vec<CheckInfo>,
    /// Columns and expressions.
    pub(super) computed: Vec<(String, String)>,
    pub(super) collations: Vec<(String, String)>,
}

impl Written {
    /// The name of the first foreign key of these columns that was not taken yet.
    pub(super) fn take_foreign_key(&mut self, columns: &[String]) -> (Option<String>, Option<Deferral>) {
        let mut written = self.foreign_keys.iter();
        let Some(place) = written.position(|(_, written, _)| same_names(written, columns)) else {
            return (None, None);
        };
        let (name, _, deferral) = self.foreign_keys.remove(place);
        (name, deferral)
    }

    pub(super) fn unique_name(&self, columns: &[String]) -> Option<String> {
        let mut uniques = self.uniques.iter().filter(|(_, written)| same_names(written, columns));
        uniques.find_map(|(name, _)| name.clone())
    }

    pub(super) fn computed_from(&self, column: &str) -> Option<String> {
        of_column(&self.computed, column)
    }

    pub(super) fn collation(&self, column: &str) -> Option<String> {
        of_column(&self.collations, column)
    }
}

fn of_column(facts: &[(String, String)], column: &str) -> Option<String> {
    facts.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, fact)| fact.clone())
}

fn same_names(written: &[String], columns: &[String]) -> bool {
    written.len() == columns.len() && written.iter().zip(columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

#[derive(Debug, PartialEq)]
enum Word {
    /// A keyword, a name, a number.
    Bare(String),
    /// In quotes of some kind.
    Quoted(String),
    Symbol(char),
}

struct Token {
    word: Word,
    at: Range<usize>,
}

impl Token {
    fn is(&self, symbol: char) -> bool {
        self.word == Word::Symbol(symbol)
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(&self.word, Word::Bare(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn name(&self) -> Option<String> {
        match &self.word {
            Word::Bare(name) | Word::Quoted(name) => Some(name.clone()),
            Word::Symbol(_) => None,
        }
    }
}

/// Reads `CREATE TABLE … ( … ) …`.
pub(super) fn read(sql: &str) -> Written {
    let tokens = tokens(sql);
    let mut written = Written::default();
    let Some(open) = tokens.iter().position(|token| token.is('(')) else { return written };
    let body = inside(&tokens, open);
    for definition in parts(body) {
        Definition { sql, tokens: definition, constraint: None, written: &mut written }.read();
    }
    written
}

/// Reads `CREATE INDEX … ( … ) WHERE …`: the keys without their directions, and the condition.
pub(super) fn read_index(sql: &str) -> (Vec<String>, Option<String>) {
    let tokens = tokens(sql);
    let Some(open) = tokens.iter().position(|token| token.is('(')) else { return Default::default() };
    let body = inside(&tokens, open);
    let key = |part: &[Token]| {
        let directed = part.last().is_some_and(|last| last.is_word("DESC") || last.is_word("ASC"));
        let part = part.get(..part.len() - usize::from(directed)).unwrap_or_default();
        let (first, last) = (part.first()?, part.last()?);
        Some(sql.get(first.at.start..last.at.end)?.to_owned())
    };
    let keys = parts(body).filter_map(key).collect();
    let condition = tokens.get(open + body.len() + 2).filter(|token| token.is_word("WHERE"));
    let end = tokens.last().map_or(0, |last| last.at.end);
    (keys, condition.and_then(|word| Some(sql.get(word.at.end..end)?.trim().to_owned())))
}

/// One column with its constraints, or constraints of the table.
struct Definition<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    /// The name that the next constraint has.
    constraint: Option<String>,
    written: &'a mut Written,
}

impl Definition<'_> {
    fn read(mut self) {
        let Some(first) = self.tokens.first() else { return };
        let constraints = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        let column = if constraints.iter().any(|word| first.is_word(word)) { None } else { first.name() };
        let mut place = usize::from(column.is_some());
        let mut refers = false;
        while let Some(token) = self.tokens.get(place) {
            place = match &token.word {
                Word::Bare(word) => {
                    let next = place + 1;
                    match word.to_ascii_uppercase().as_str() {
                        "CONSTRAINT" => {
                            self.constraint = self.tokens.get(next).and_then(Token::name);
                            next + 1
                        }
                        "REFERENCES" => {
                            if !refers {
                                let name = self.constraint.take();
                                let columns = column.iter().cloned().collect();
                                self.written.foreign_keys.push((name, columns, None));
                            }
                            // The table may be called like a keyword.
                            next + 1
                        }
                        "FOREIGN" => {
                            refers = true;
                            let name = self.constraint.take();
                            let columns = self.names(next + 1);
                            self.written.foreign_keys.push((name, columns, None));
                            next + 1
                        }
                        keyword => self.constraint_or_rest(keyword, next, column.as_deref()),
                    }
                }
                Word::Symbol('(') => self.after_group(place),
                _ => place + 1,
            };
        }
    }

    /// Returns where to go on.
    fn constraint_or_rest(&mut self, keyword: &str, next: usize, column: Option<&str>) -> usize {
        match (keyword, column) {
            ("PRIMARY", _) => self.written.primary_key = self.constraint.take(),
            ("UNIQUE", _) => {
                let columns = column.map_or_else(|| self.names(next), |column| vec![column.to_owned()]);
                let name = self.constraint.take();
                self.written.uniques.push((name, columns));
            }
            ("CHECK", _) => {
                if let Some(text) = self.text(next) {
                    let name = self.constraint.take();
                    self.written.checks.push(CheckInfo { name, text });
                }
            }
            ("AS", Some(column)) => {
                if let Some(text) = self.text(next) {
                    self.written.computed.push((column.to_owned(), text));
                }
            }
            ("COLLATE", Some(column)) => {
                if let Some(collation) = self.tokens.get(next).and_then(Token::name) {
                    self.written.collations.push((column.to_owned(), collation));
                }
                return next + 1;
            }
            ("DEFERRABLE", _) => {
                let is = |place: Option<usize>, word: &str| {
                    place.and_then(|place| self.tokens.get(place)).is_some_and(|token| token.is_word(word))
                };
                let deferred = is(Some(next), "INITIALLY") && is(Some(next + 1), "DEFERRED");
                let negated = is(next.checked_sub(2), "NOT");
                if let (Some((.., deferral)), false) = (self.written.foreign_keys.last_mut(), negated) {
                    *deferral = Some(if deferred { Deferral::Deferred } else { Deferral::Immediate });
                }
            }
            // Both may be named, and nobody is told the name.
            ("NOT" | "NULL" | "DEFAULT", _) => self.constraint = None,
            _ => {}
        }
        next
    }

    /// The text between the parentheses that open there, without a comment at its end: put between parentheses again, it would
    /// hide what is behind it.
    fn text(&self, place: usize) -> Option<String> {
        self.tokens.get(place).filter(|token| token.is('('))?;
        let inside = inside(self.tokens, place);
        Some(self.sql.get(inside.first()?.at.start..inside.last()?.at.end)?.to_owned())
    }

    /// The names that stand first in the parts of a list.
    fn names(&self, place: usize) -> Vec<String> {
        if !self.tokens.get(place).is_some_and(|token| token.is('(')) {
            return Vec::new();
        }
        parts(inside(self.tokens, place)).filter_map(|part| part.first()?.name()).collect()
    }

    fn after_group(&self, place: usize) -> usize {
        place + inside(self.tokens, place).len() + 2
    }
}

/// What stands between the parenthesis at `open` and its partner.
fn inside(tokens: &[Token], open: usize) -> &[Token] {
    let rest = tokens.get(open + 1..).unwrap_or_default();
    let mut depth = 1;
    for (place, token) in rest.iter().enumerate() {
        match token.word {
            Word::Symbol('(') => depth += 1,
            Word::Symbol(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return rest.get(..place).unwrap_or_default();
        }
    }
    rest
}

/// What stands between the commas that are not in parentheses.
fn parts(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0;
    tokens.split(move |token| {
        match token.word {
            Word::Symbol('(') => depth += 1,
            Word::Symbol(')') => depth -= 1,
            _ => {}
        }
        depth == 0 && token.is(',')
    })
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        let (length, word) = match first {
            '"' | '`' | '\'' => quoted(rest, first),
            '[' => {
                let end = rest.find(']').unwrap_or(rest.len() - 1);
                (end + 1, Some(Word::Quoted(rest.get(1..end).unwrap_or_default().to_owned())))
            }
            '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), None),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), None),
            _ if first.is_whitespace() => (first.len_utf8(), None),
            _ if is_of_word(first) => {
                let end = rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len());
                (end, Some(Word::Bare(rest.get(..end).unwrap_or_default().to_owned())))
            }
            _ => (first.len_utf8(), Some(Word::Symbol(first))),
        };
        if let Some(word) = word {
            tokens.push(Token { word, at: at..at + length });
        }
        at += length;
    }
    tokens
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric()
        || letter == '_'
        || letter == '$'
        || !letter.is_ascii() && !letter.is_whitespace()
}

/// The length of a quoted text and what is in it; two quotes inside are one.
fn quoted(rest: &str, quote: char) -> (usize, Option<Word>) {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            text.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (at + 1, Some(Word::Quoted(text)));
        }
    }
    (rest.len(), Some(Word::Quoted(text)))
}

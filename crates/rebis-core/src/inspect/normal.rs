//! Expressions of SQL in one form, whichever way a database prints them.

use crate::dialect::Dialect;

/// The words of an expression, without what databases add: parentheses, casts, quotes round names, schemas of strings.
pub(super) fn normal(sql: &str, dialect: &Dialect) -> String {
    let mut words = words(sql, dialect.backslash_escapes);
    without_casts(&mut words);
    words.retain(|word| word != "(" && word != ")");
    rewrite(&mut words);
    words.join(" ")
}

fn words(sql: &str, escapes: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '\'' => string(rest, escapes || words.last().is_some_and(|word| word == "e")),
            '"' | '`' => name(rest, first),
            _ if is_letter(first) => {
                let end = rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len());
                (Some(rest.get(..end).unwrap_or_default().to_lowercase()), end)
            }
            _ => symbol(rest, first),
        };
        if word.as_ref().is_some_and(|word| word.starts_with('\'')) && words.last().is_some_and(is_marker) {
            words.pop();
        }
        words.extend(word);
        rest = rest.get(length..).unwrap_or_default();
    }
    words
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$' || letter == '.'
}

/// What stands before a string and says how it is written: `E'…'`, `_utf8mb4'…'`.
fn is_marker(word: &String) -> bool {
    word == "e" || word.starts_with("_utf8") || word == "_latin1"
}

/// A string, as its own text behind one quote; a number in quotes as the number.
fn string(rest: &str, escaped: bool) -> (Option<String>, usize) {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    let mut end = rest.len();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\'' if letters.next_if(|(_, next)| *next == '\'').is_some() => text.push('\''),
            '\'' => {
                end = place + 1;
                break;
            }
            '\\' if escaped => text.extend(letters.next().map(|(_, next)| unescaped(next))),
            letter => text.push(letter),
        }
    }
    let number = !text.is_empty() && text.parse::<f64>().is_ok();
    (Some(if number { text } else { format!("'{text}") }), end)
}

/// What a letter behind a backslash means.
pub(super) fn unescaped(letter: char) -> char {
    match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        letter => letter,
    }
}

fn name(rest: &str, quote: char) -> (Option<String>, usize) {
    let inside = rest.get(1..).unwrap_or_default();
    let length = inside.find(quote).unwrap_or(inside.len());
    (Some(inside.get(..length).unwrap_or_default().to_lowercase()), (length + 2).min(rest.len()))
}

fn symbol(rest: &str, first: char) -> (Option<String>, usize) {
    let pair =
        ["::", "<>", "!=", "<=", ">=", "||", "!~~", "~~"].into_iter().find(|pair| rest.starts_with(pair));
    match pair {
        Some("!=") => (Some("<>".to_owned()), 2),
        Some("~~") => (Some("like".to_owned()), 2),
        Some("!~~") => (Some("not like".to_owned()), 3),
        Some(pair) => (Some(pair.to_owned()), pair.len()),
        None => (Some(first.to_string()), first.len_utf8()),
    }
}

/// Takes away `::type`, and `cast` and `as type` of `cast(… as type)`.
fn without_casts(words: &mut Vec<String>) {
    let mut kept: Vec<String> = Vec::new();
    let mut rest = words.drain(..).peekable();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "cast" if rest.peek().is_some_and(|next| next == "(") => {}
            "::" | "as" => {
                let first = rest.next().unwrap_or_default();
                let more: &[&str] = match first.as_str() {
                    "character" | "bit" => &["varying"],
                    "double" => &["precision"],
                    "timestamp" | "time" => &["with", "without", "time", "zone"],
                    _ => &[],
                };
                while rest.next_if(|next| more.contains(&next.as_str())).is_some() {}
                if rest.next_if(|next| next == "(").is_some() {
                    while rest.next().is_some_and(|next| next != ")") {}
                }
                while rest.next_if(|next| more.contains(&next.as_str())).is_some() {}
                while rest.next_if(|next| next == "[" || next == "]").is_some() {}
            }
            _ => kept.push(word),
        }
    }
    drop(rest);
    *words = kept;
}

/// What one database says in other words than the others.
fn rewrite(words: &mut Vec<String>) {
    // PostgreSQL prints -5 as `'-5'::integer`.
    let split = |word: String| match word.strip_prefix('-') {
        Some(digits) if !digits.is_empty() => vec!["-".to_owned(), digits.to_owned()],
        _ => vec![word],
    };
    *words = words.drain(..).flat_map(split).collect();
    for word in words.iter_mut() {
        match word.as_str() {
            "true" => *word = "1".to_owned(),
            "false" => *word = "0".to_owned(),
            "lcase" => *word = "lower".to_owned(),
            "ucase" => *word = "upper".to_owned(),
            _ => {}
        }
    }
    // PostgreSQL's `= any (array[…])` was `in (…)`.
    let mut place = 0;
    while place + 3 < words.len() {
        let found: Vec<&str> = words[place..place + 4].iter().map(String::as_str).collect();
        let list = match found.as_slice() {
            ["=", "any", "array", "["] => Some("in"),
            ["<>", "all", "array", "["] => Some("not in"),
            _ => None,
        };
        if let Some(list) = list {
            words.splice(place..place + 4, [list.to_owned()]);
            if let Some(end) = words.iter().skip(place).position(|word| word == "]") {
                words.remove(place + end);
            }
        }
        place += 1;
    }
    // It prints `x between 1 and 2` as two comparisons.
    if let Some(place) = words.iter().position(|word| word == "between") {
        let item = place.checked_sub(1).and_then(|before| words.get(before).cloned());
        let and = words.iter().skip(place).position(|word| word == "and");
        if let (Some(item), Some(and)) = (item, and) {
            words.splice(place + and..=place + and, ["and".to_owned(), item, "<=".to_owned()]);
            words[place] = ">=".to_owned();
        }
    }
}

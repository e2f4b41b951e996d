//! Rust source as words and marks with their lines; comments and literals are gone.
//!
//! Only as much of a lexer as reading paths takes: a word is an identifier, a keyword or a number.

/// One word or one mark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

struct Lexer {
    source: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

/// Splits a file.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { source: source.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    while lexer.at < lexer.source.len() {
        lexer.step();
    }
    lexer.tokens
}

fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.source.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn advance(&mut self) {
        if self.peek(0) == '\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.advance();
        }
    }

    fn done(&self) -> bool {
        self.at >= self.source.len()
    }

    fn step(&mut self) {
        match self.peek(0) {
            '/' if self.peek(1) == '/' => self.line_comment(),
            '/' if self.peek(1) == '*' => self.block_comment(),
            '"' => self.string(),
            '\'' => self.char_or_lifetime(),
            c if is_word_char(c) => self.word(),
            c => {
                if !c.is_whitespace() {
                    self.tokens.push(Token { text: c.to_string(), line: self.line });
                }
                self.advance();
            }
        }
    }

    fn line_comment(&mut self) {
        while !self.done() && self.peek(0) != '\n' {
            self.advance();
        }
    }

    /// They nest.
    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.advance();
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.advance();
        while !self.done() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.advance();
    }

    /// `'\n'` and `'a'` are characters, `'a` is a lifetime, whose name is no word for us.
    fn char_or_lifetime(&mut self) {
        let is_char = self.peek(1) == '\\' || self.peek(2) == '\'';
        self.skip(if self.peek(1) == '\\' { 3 } else { 2 });
        if is_char {
            while !self.done() && self.peek(0) != '\'' {
                self.advance();
            }
            self.advance();
        } else {
            while is_word_char(self.peek(0)) {
                self.advance();
            }
        }
    }

    /// A word, unless it turns out to be the prefix of a literal: `b"…"`, `r#"…"#`, `c"…"`.
    fn word(&mut self) {
        let (start, line) = (self.at, self.line);
        while is_word_char(self.peek(0)) {
            self.advance();
        }
        let text: String = self.source[start..self.at].iter().collect();
        let raw = matches!(text.as_str(), "r" | "br" | "cr");
        let hashes = (0..).take_while(|&ahead| self.peek(ahead) == '#').count();
        match self.peek(0) {
            '"' | '#' if raw && self.peek(hashes) == '"' => self.raw_string(hashes),
            '#' if text == "r" => self.advance(),
            '"' if matches!(text.as_str(), "b" | "c") => self.string(),
            '\'' if text == "b" => self.char_or_lifetime(),
            _ => self.tokens.push(Token { text, line }),
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.skip(hashes + 1);
        let ends = |lexer: &Lexer| lexer.peek(0) == '"' && (1..=hashes).all(|it| lexer.peek(it) == '#');
        while !self.done() && !ends(self) {
            self.advance();
        }
        self.skip(hashes + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source)
            .into_iter()
            .map(|token| token.text)
            .filter(|text| text.starts_with(is_word_char))
            .collect()
    }

    #[test]
    fn leaves_out_comments_and_literals() {
        let source = r###"
            a // crate::x
            /* crate::x /* nested */ still */ b
            "crate::x \" more" c r#"crate::"x"# d b"x" e br##"x"# "## f
            'x' g '\'' h '\u{1F600}' i b'\n' j &'life k c"x" l r#type m
        "###;
        assert_eq!(words(source), "a b c d e f g h i j k l type m".split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn counts_lines_through_literals_and_comments() {
        let found = tokens("/* \n */ \"\n\\\n\" x\n'\n' r#\"\n\"# y");
        let lines: Vec<(String, usize)> = found.into_iter().map(|token| (token.text, token.line)).collect();
        assert_eq!(lines, [("x".to_owned(), 4), ("y".to_owned(), 7)]);
    }

    #[test]
    fn ends_at_unfinished_literals() {
        for source in ["\"x", "'", "'\\", "r#\"x", "/* x", "b'"] {
            assert_eq!(words(source), Vec::<String>::new(), "{source}");
        }
    }
}

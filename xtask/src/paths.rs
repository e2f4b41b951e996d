//! Which modules of its crate a source file names, outside of its tests.

use crate::tokens::{Token, tokens};

/// What a file says that the import order is about.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Source {
    /// The names right below the crate's root which it uses, with their lines.
    pub(crate) names: Vec<(String, usize)>,
    /// The lines with the keyword `unsafe`.
    pub(crate) unsafe_lines: Vec<usize>,
    /// Modules in files of their own that exist for tests only.
    pub(crate) test_modules: Vec<String>,
}

/// Reads a file of a module that is `depth` steps below the crate's root.
pub(crate) fn read(source: &str, depth: usize) -> Source {
    let mut reader = Reader { tokens: tokens(source), depth, found: Source::default() };
    if !reader.is_test_file() {
        reader.read();
    }
    reader.found
}

struct Reader {
    tokens: Vec<Token>,
    depth: usize,
    found: Source,
}

impl Reader {
    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    fn follows(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(offset, text)| self.is(at + offset, text))
    }

    fn is_test_file(&self) -> bool {
        (0..self.tokens.len()).any(|at| self.follows(at, &["#", "!", "[", "cfg", "(", "test", ")", "]"]))
    }

    fn read(&mut self) {
        // The brace depths at which inline modules began: `super` steps out of these first.
        let (mut braces, mut inline_modules) = (0_usize, Vec::new());
        let mut at = 0;
        while at < self.tokens.len() {
            if self.is_test_attribute(at) {
                at = self.skip_item(at);
                continue;
            }
            match self.tokens[at].text.as_str() {
                "{" => {
                    if at >= 2 && self.is(at - 2, "mod") {
                        inline_modules.push(braces);
                    }
                    braces += 1;
                }
                "}" => {
                    braces = braces.saturating_sub(1);
                    if inline_modules.last() == Some(&braces) {
                        inline_modules.pop();
                    }
                }
                "crate" if self.follows(at + 1, &[":", ":"]) => self.names_at(at + 3),
                "super" if !self.follows_super(at) => {
                    let (steps, end) = self.count_supers(at);
                    if steps == self.depth + inline_modules.len() {
                        self.names_at(end);
                    }
                }
                "unsafe" => self.found.unsafe_lines.push(self.tokens[at].line),
                _ => {}
            }
            at += 1;
        }
    }

    /// `#[cfg(test)]`, also `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
    fn is_test_attribute(&self, at: usize) -> bool {
        if !self.follows(at, &["#", "[", "cfg", "("]) {
            return false;
        }
        let attribute = &self.tokens[at..self.close(at + 1)];
        attribute.iter().any(|token| token.is("test"))
            && !attribute.iter().any(|token| token.is("not") || token.is("any"))
    }

    /// The place behind the item that an attribute stands before.
    fn skip_item(&mut self, attribute: usize) -> usize {
        let mut at = attribute;
        while self.follows(at, &["#", "["]) {
            at = self.close(at + 1) + 1;
        }
        while at < self.tokens.len() {
            match self.tokens[at].text.as_str() {
                ";" => return at + 1,
                "{" => return self.close(at) + 1,
                "(" | "[" => at = self.close(at),
                "mod" if self.is(at + 2, ";") => {
                    self.found.test_modules.push(self.tokens[at + 1].text.clone());
                }
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Where the bracket that opens at this place is closed.
    fn close(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        self.tokens.len()
    }

    fn follows_super(&self, at: usize) -> bool {
        at >= 3 && self.follows(at - 3, &["super", ":", ":"])
    }

    /// The length of `super::super::…`, and where the path goes on.
    fn count_supers(&self, mut at: usize) -> (usize, usize) {
        let mut steps = 0;
        while self.follows(at, &["super", ":", ":"]) {
            steps += 1;
            at += 3;
        }
        (steps, at)
    }

    /// The first name of a path, or that of each path in a group.
    fn names_at(&mut self, at: usize) {
        if !self.is(at, "{") {
            if let Some(token) = self.tokens.get(at) {
                self.found.names.push((token.text.clone(), token.line));
            }
            return;
        }
        let end = self.close(at);
        let mut at = at + 1;
        while at < end {
            self.names_at(at);
            while at < end && !self.is(at, ",") {
                at = if self.is(at, "{") { self.close(at) } else { at + 1 };
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str, depth: usize) -> Vec<String> {
        read(source, depth).names.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn finds_paths_in_imports_groups_and_code() {
        let source = "use crate::{error::{Error, Kind}, value::Value as V, url};\n\
             pub(crate) use crate::pool;\n\
             fn f(x: &crate::rows::Row) -> u8 { crate::engine::run::<crate::schema::T>(x) }\n\
             macro_rules! m { () => { $crate::sql::x() } }";
        let all = ["error", "value", "url", "pool", "rows", "engine", "schema", "sql"];
        assert_eq!(names(source, 1), all);
    }

    #[test]
    fn tells_the_line_inside_a_group() {
        let found = read("\nuse crate::{\n    error::Error,\n    engine::Engine,\n};", 1);
        assert_eq!(found.names, [("error".to_owned(), 3), ("engine".to_owned(), 4)]);
    }

    #[test]
    fn passes_over_tests_comments_and_strings() {
        let source = "//! crate::engine\n/// [`crate::engine`]\nconst X: &str = \"crate::engine\";\n\
             #[cfg(test)]\n#[allow(unused)]\nmod tests { use crate::engine; mod more { unsafe {} } }\n\
             #[cfg(test)] use crate::{engine, pool};\n\
             #[cfg(all(test, unix))] fn f(x: [u8; 3]) { crate::engine::x() }\n\
             #[cfg(test)] mod slow;\n\
             use crate::error::Error;";
        let found = read(source, 1);
        assert_eq!(found.names, [("error".to_owned(), 10)]);
        assert_eq!(found.unsafe_lines, Vec::<usize>::new());
        assert_eq!(found.test_modules, ["slow"]);
    }

    #[test]
    fn code_without_tests_counts() {
        assert_eq!(names("#[cfg(not(test))] use crate::engine;", 1), ["engine"]);
        assert_eq!(names("#[cfg(any(test, unix))] use crate::engine;", 1), ["engine"]);
        assert_eq!(names("#![cfg(test)] use crate::engine;", 1), Vec::<String>::new());
    }

    #[test]
    fn super_that_reaches_the_root_counts() {
        assert_eq!(names("use super::engine::Engine;", 1), ["engine"]);
        assert_eq!(names("use super::engine::Engine;", 2), Vec::<String>::new());
        assert_eq!(names("use super::super::{engine, pool::Pool};", 2), ["engine", "pool"]);
        assert_eq!(
            names("mod inner { use super::x; use super::super::engine; } use super::y;", 1),
            ["engine", "y"]
        );
    }

    #[test]
    fn finds_unsafe() {
        assert_eq!(read("fn f() {\n unsafe { x() }\n}\n#![allow(unsafe_code)]", 1).unsafe_lines, [2]);
    }
}

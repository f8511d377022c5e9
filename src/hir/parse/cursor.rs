//! Reads one line of text, word by word. Every method skips white space first.

use std::str::FromStr;

use super::Result;
use crate::hir::print::is_name_char;

/// A place in a line.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<'a> Cursor<'a> {
    /// The line without its comment.
    pub(super) fn new(line: &'a str) -> Cursor<'a> {
        let (mut quoted, mut escaped) = (false, false);
        let comment = line.find(|c| match c {
            _ if std::mem::take(&mut escaped) => false,
            '\\' if quoted => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            _ => c == ';' && !quoted,
        });
        Cursor {
            rest: &line[..comment.unwrap_or(line.len())],
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        self.skip_space();
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// `expected`, and what stands here instead.
    pub(super) fn unexpected(&self, expected: &str) -> String {
        match self.rest.trim() {
            "" => format!("{expected}, found the end of the line"),
            rest => format!("{expected}, found `{rest}`"),
        }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    pub(super) fn starts_with(&mut self, text: &str) -> bool {
        self.skip_space();
        self.rest.starts_with(text)
    }

    /// Does a character like that stand here?
    pub(super) fn at(&mut self, accept: impl Fn(char) -> bool) -> bool {
        self.skip_space();
        self.rest.starts_with(accept)
    }

    /// Passes the punctuation if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<()> {
        if self.eat(text) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("expected `{text}`")))
        }
    }

    /// Passes the whole word if it stands here.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let mut copy = self.clone();
        let found = copy.take_while(is_word_char) == word;
        if found {
            *self = copy;
        }
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<()> {
        let found = self.eat_word(word);
        if found {
            Ok(())
        } else {
            Err(self.unexpected(&format!("expected `{word}`")))
        }
    }

    pub(super) fn word(&mut self) -> Result<&'a str> {
        match self.take_while(is_word_char) {
            "" => Err(self.unexpected("expected a word")),
            word => Ok(word),
        }
    }

    /// `A|B`.
    pub(super) fn type_word(&mut self) -> Result<&'a str> {
        match self.take_while(|c| c.is_ascii_alphanumeric() || c == '|') {
            "" => Err(self.unexpected("expected a type")),
            word => Ok(word),
        }
    }

    /// Does a range stand here?
    pub(super) fn at_range(&mut self) -> bool {
        self.clone().range_word().contains("..")
    }

    pub(super) fn range_word(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Result<T> {
        let start = self.clone();
        let word = self.take_while(is_word_char);
        word.parse()
            .map_err(|_| start.unexpected("expected a number"))
    }

    /// Passes `PREFIXnumber` if it stands here.
    pub(super) fn eat_id(&mut self, prefix: &str) -> Option<usize> {
        let mut copy = self.clone();
        let number = copy.take_while(is_word_char).strip_prefix(prefix)?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        // A number far beyond what a function can have would only ask for memory.
        let index = number
            .parse()
            .ok()
            .filter(|index| digits && *index < 1 << 20)?;
        *self = copy;
        Some(index)
    }

    pub(super) fn at_id(&self, prefix: &str) -> bool {
        self.clone().eat_id(prefix).is_some()
    }

    pub(super) fn id(&mut self, prefix: &str) -> Result<usize> {
        self.eat_id(prefix)
            .ok_or_else(|| self.unexpected(&format!("expected `{prefix}N`")))
    }

    /// `[text]` if it stands here, directly behind a word.
    pub(super) fn attribute(&mut self) -> Result<Option<&'a str>> {
        let Some(rest) = self.rest.strip_prefix('[') else {
            return Ok(None);
        };
        let (text, rest) = rest
            .split_once(']')
            .ok_or_else(|| self.unexpected("expected `]`"))?;
        self.rest = rest;
        Ok(Some(text))
    }

    /// Items with commas between, up to and including `end`.
    pub(super) fn list(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if self.eat(end) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(end) {
                return Ok(());
            }
            if !self.eat(",") {
                return Err(self.unexpected(&format!("expected `,` or `{end}`")));
            }
        }
    }

    pub(super) fn skip_past(&mut self, c: char) -> Result<()> {
        match self.rest.split_once(c) {
            Some((_, rest)) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.unexpected(&format!("expected `{c}` behind the result"))),
        }
    }

    /// A bare or quoted name.
    pub(super) fn name(&mut self, what: &str) -> Result<String> {
        if self.starts_with("\"") {
            return self.quoted();
        }
        match self.take_while(is_name_char) {
            "" => Err(self.unexpected(&format!("expected {what}"))),
            name => Ok(name.to_owned()),
        }
    }

    pub(super) fn quoted(&mut self) -> Result<String> {
        self.expect("\"")
            .map_err(|_| self.unexpected("expected a text in quotes"))?;
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => text.push(escape(&mut chars)?),
                Some(c) => text.push(c),
                None => return Err("expected `\"` at the end of the text".to_owned()),
            }
        }
        self.rest = chars.as_str();
        Ok(text)
    }
}

/// The character behind a backslash.
fn escape(chars: &mut std::str::Chars<'_>) -> Result<char> {
    match chars.next() {
        Some('n') => Ok('\n'),
        Some(c @ ('"' | '\\')) => Ok(c),
        Some('u') => {
            let rest = chars.as_str();
            let code = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let code = code.and_then(|(hex, rest)| {
                *chars = rest.chars();
                char::from_u32(u32::from_str_radix(hex, 16).ok()?)
            });
            code.ok_or_else(|| "expected `\\u{HEX}`".to_owned())
        }
        _ => Err("expected `\\\"`, `\\\\`, `\\n` or `\\u{HEX}`".to_owned()),
    }
}

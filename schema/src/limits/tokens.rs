//! The size of the text of a document. Measured before parsing, as parsing a large or deeply nested document is
//! expensive.

/// The limit that a text exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Tokens,
    Nesting,
    Name,
}

/// The maximum length of a name. Messages about unknown names repeat them, and similar names are searched for.
pub(super) const NAME: usize = 100;

/// Counts the tokens and the nested brackets of a document and the characters of its names, and stops at the first
/// limit that is exceeded.
pub(super) fn excess(document: &str, max_tokens: usize, max_nesting: usize) -> Option<Excess> {
    let mut rest = document.as_bytes();
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                rest = tail;
                continue;
            }
            b'#' => {
                rest = after(tail, |byte| byte != b'\n' && byte != b'\r');
                continue;
            }
            b'"' => after_string(tail),
            byte if is_word(byte) => {
                let after = after(tail, is_word);
                if tail.len() - after.len() >= NAME {
                    return Some(Excess::Name);
                }
                after
            }
            _ => tail,
        };
        match byte {
            b'{' | b'[' | b'(' => nesting += 1,
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        tokens += 1;
        if tokens > max_tokens {
            return Some(Excess::Tokens);
        }
        if nesting > max_nesting {
            return Some(Excess::Nesting);
        }
    }
    None
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn after(bytes: &[u8], within: impl Fn(u8) -> bool) -> &[u8] {
    let end = bytes.iter().position(|byte| !within(*byte)).unwrap_or(bytes.len());
    &bytes[end..]
}

/// The bytes after a string whose first quote has been consumed.
fn after_string(bytes: &[u8]) -> &[u8] {
    if let Some(block) = bytes.strip_prefix(b"\"\"") {
        let mut index = 0;
        while index < block.len() {
            match &block[index..] {
                [b'\\', b'"', b'"', b'"', ..] => index += 4,
                [b'"', b'"', b'"', ..] => return &block[index + 3..],
                _ => index += 1,
            }
        }
        return &[];
    }
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => index += 2,
            b'"' | b'\n' => return &bytes[index + 1..],
            _ => index += 1,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(document: &str) -> usize {
        (0..1000).find(|limit| excess(document, *limit, 1000).is_none()).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_grammar_defines_them() {
        assert_eq!(count("{ a }"), 3);
        assert_eq!(count("{ a, b # } } }\n }"), 4);
        assert_eq!(count("{ a(b: \"c d \\\" e\", f: -1) }"), 12);
        assert_eq!(count("{ a(b: \"\"\"x \\\"\"\" y \" z\"\"\") }"), 8);
        assert_eq!(count("{ a(b: \"\") }"), 8);
        assert_eq!(count("\"unfinished"), 1);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn long_names_are_found_and_long_strings_are_not() {
        let name = |length| excess(&format!("{{ {} }}", "x".repeat(length)), 1000, 1000);
        assert_eq!((name(NAME), name(NAME + 1)), (None, Some(Excess::Name)));
        assert_eq!(excess(&format!("{{ a(b: \"{}\") }}", "x".repeat(1000)), 1000, 1000), None);
    }

    #[test]
    fn brackets_nest_outside_of_strings_only() {
        let nesting = |document| (0..100).find(|limit| excess(document, 1000, *limit).is_none()).unwrap();
        assert_eq!(nesting("{ a(b: [[1], {c: 2}]) { d } }"), 4);
        assert_eq!(nesting("{ a(b: \"[[[[[\") } # {{{"), 2);
        assert_eq!(nesting("}}}{"), 1);
    }
}

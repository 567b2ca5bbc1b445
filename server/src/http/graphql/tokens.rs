//! The size of a document in tokens, counted before anything is parsed: parsing itself is what a huge document
//! would make expensive.

/// Whether a document has more tokens than this. Counting stops there.
pub(super) fn exceed(document: &str, limit: usize) -> bool {
    let mut rest = document.as_bytes();
    let mut tokens = 0;
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
            byte if is_word(byte) => after(tail, is_word),
            _ => tail,
        };
        tokens += 1;
        if tokens > limit {
            return true;
        }
    }
    false
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn after(bytes: &[u8], within: impl Fn(u8) -> bool) -> &[u8] {
    let end = bytes.iter().position(|byte| !within(*byte)).unwrap_or(bytes.len());
    &bytes[end..]
}

/// What follows a string whose first quote was taken.
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
        (0..1000).find(|limit| !exceed(document, *limit)).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_grammar_has_them() {
        assert_eq!(count("{ a }"), 3);
        assert_eq!(count("{ a, b # } } }\n }"), 4);
        assert_eq!(count("{ a(b: \"c d \\\" e\", f: -1) }"), 12);
        assert_eq!(count("{ a(b: \"\"\"x \\\"\"\" y \" z\"\"\") }"), 8);
        assert_eq!(count("{ a(b: \"\") }"), 8);
        assert_eq!(count("\"unfinished"), 1);
        assert_eq!(count(""), 0);
    }
}

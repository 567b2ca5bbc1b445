//! The number of values of a JSON text. Counted before parsing, as a parsed value takes many times the memory of its
//! text.

/// Whether a JSON text has more than `max` values. A text that is no JSON has some number of them.
pub(super) fn has_more_values(text: &[u8], max: usize) -> bool {
    let mut values = 1_usize;
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        index += 1;
        match byte {
            b'"' => index = after_string(text, index),
            b',' | b'[' | b'{' => {
                values += 1;
                if values > max {
                    break;
                }
            }
            _ => {}
        }
    }
    values > max
}

/// The index after a string whose first quote is before `index`.
fn after_string(text: &[u8], mut index: usize) -> usize {
    while let Some(byte) = text.get(index) {
        match byte {
            b'\\' => index += 2,
            b'"' => return index + 1,
            _ => index += 1,
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings() {
        let count = |text: &str| (0..100).find(|max| !has_more_values(text.as_bytes(), *max)).unwrap();
        assert_eq!(count("1"), 1);
        assert_eq!(count("[1,2,3]"), 4);
        assert_eq!(count(r#"{"a,[{":"},\",","b":[[]]}"#), 5);
        assert_eq!(count("\"unfinished [,"), 1);
        assert_eq!(count("\"\\"), 1);
        assert_eq!(count(""), 1);
    }
}

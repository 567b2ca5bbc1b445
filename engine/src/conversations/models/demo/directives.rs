//! Directives in prompts for the demo model.

/// The directives of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Directives {
    pub reason: bool,
    /// The calculation of the tool call.
    pub calculate: Option<Sum>,
    pub cite: bool,
    pub words: Option<usize>,
    pub rate: Option<u32>,
    pub fail_after: Option<usize>,
}

/// A calculation with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub left: i64,
    pub operator: char,
    pub right: i64,
}

/// Maximum length of a response, in words.
const MAX_WORDS: usize = 100_000;

impl Directives {
    pub(super) fn of(prompt: &str) -> Self {
        let mut found = Self::default();
        let mut tool = false;
        let mut number = None;
        for word in prompt.split(|c: char| c.is_whitespace() || ",;!?\"'()[]{}".contains(c)) {
            let word = word.trim_matches('.').to_lowercase();
            match word.as_str() {
                "think" | "thinking" | "reason" | "reasoning" => found.reason = true,
                "tool" | "tools" | "calculate" | "calculator" => tool = true,
                "cite" | "citation" | "citations" | "source" | "sources" => found.cite = true,
                "words" | "word" => found.words = number.or(found.words),
                _ => {}
            }
            if let Some(rate) = word.strip_prefix("rate:") {
                found.rate = rate.parse().ok().or(found.rate);
            }
            if let Some(after) = word.strip_prefix("fail:") {
                found.fail_after = after.parse().ok().or(found.fail_after);
            }
            if !word.is_empty() {
                number = word.parse().ok().map(|n: usize| n.min(MAX_WORDS));
            }
        }
        if tool {
            found.calculate = Some(Sum::first_in(prompt).unwrap_or(Sum { left: 2, operator: '+', right: 3 }));
        }
        found
    }
}

impl Sum {
    /// Finds the first calculation, such as `2 + 3`, in a text.
    fn first_in(text: &str) -> Option<Self> {
        let text: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        text.iter().enumerate().filter(|(_, c)| "+-*/×÷".contains(**c)).find_map(|(at, operator)| {
            let before = text[..at].iter().rev().take_while(|c| c.is_ascii_digit()).count();
            let after = text[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
            let number = |digits: &[char]| digits.iter().collect::<String>().parse().ok();
            Some(Self {
                left: number(&text[at - before..at])?,
                operator: *operator,
                right: number(&text[at + 1..=at + after])?,
            })
        })
    }

    pub(super) fn expression(self) -> String {
        format!("{}{}{}", self.left, self.operator, self.right)
    }

    /// `None` if there is no result: a division by zero or an overflow.
    pub(super) fn result(self) -> Option<serde_json::Value> {
        match self.operator {
            '+' => self.left.checked_add(self.right).map(Into::into),
            '-' => self.left.checked_sub(self.right).map(Into::into),
            '*' | '×' => self.left.checked_mul(self.right).map(Into::into),
            _ if self.right == 0 => None,
            _ if self.left % self.right == 0 => Some((self.left / self.right).into()),
            #[expect(clippy::cast_precision_loss, reason = "the quotient of the demo may be inexact")]
            _ => Some((self.left as f64 / self.right as f64).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_parsed_from_a_sentence() {
        let found = Directives::of("Think, then calculate 12 * 3 and cite a source in 300 words. rate:200");
        assert!(found.reason && found.cite);
        assert_eq!(found.calculate.unwrap().expression(), "12*3");
        assert_eq!(found.calculate.unwrap().result(), Some(36.into()));
        assert_eq!((found.words, found.rate, found.fail_after), (Some(300), Some(200), None));
        assert_eq!(Directives::of("Hello, world"), Directives::default());
    }
}

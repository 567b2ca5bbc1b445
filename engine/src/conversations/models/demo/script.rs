//! The script of a response of the demo model, computed before it starts.

use serde_json::{Value, json};
use triptych_entities::documents::conversations::{generation::Usage, message::Role, part::Part};

use super::{
    CompletionRequest,
    directives::{Directives, Sum},
    example,
};
use crate::conversations::models::{ModelError, ModelEvent};

pub(super) struct Script {
    pub lines: Vec<Line>,
    pub rate: Option<u32>,
}

pub(super) enum Line {
    /// Sent with the delay of one token.
    Word(ModelEvent),
    /// Sent without delay.
    Note(ModelEvent),
    BreakOff,
}

impl Line {
    pub(super) fn into_event(self) -> Result<ModelEvent, ModelError> {
        match self {
            Self::Word(event) | Self::Note(event) => Ok(event),
            Self::BreakOff => {
                Err(ModelError::temporary(ModelError::UPSTREAM_FAILED, "the prompt requested this failure"))
            }
        }
    }
}

const FILLER: [&str; 12] =
    ["this", "demo", "repeats", "plain", "words", "so", "that", "long", "answers", "can", "be", "watched"];

pub(super) fn write(request: &CompletionRequest) -> Script {
    let message = last_message(request);
    let wanted = Directives::of(&message);
    let mut script =
        Writer { usage: Usage { input_tokens: tokens_in(request), ..Usage::default() }, ..Writer::default() };
    if wanted.reason {
        script.reason(&format!(
            "The message has {} words. I am a demo and do not understand it; I look for a few words that I \
             know and repeat the rest.",
            message.split_whitespace().count()
        ));
    }
    if let Some(sum) = wanted.calculate {
        script.call(sum);
    }
    if wanted.cite {
        script.lines.push(Line::Note(ModelEvent::Citation {
            title: "A made-up source of the demo model".to_owned(),
            url: Some("https://example.com/demo-source".to_owned()),
            quote: Some(message.chars().take(80).collect()),
        }));
    }
    let (text, cut) = until_stop(answer(request, &message, &wanted), &request.parameters.stop);
    let limit = request.parameters.max_output_tokens.and_then(|n| usize::try_from(n).ok());
    let reason = script.speak(&text, limit, wanted.fail_after);
    let Some(reason) = reason else { return Script { lines: script.lines, rate: wanted.rate } };
    let reason = if cut { "stop_sequence" } else { reason };
    script.lines.push(Line::Note(ModelEvent::Usage(script.usage)));
    script.lines.push(Line::Note(ModelEvent::Finish { reason: Some(reason.to_owned()) }));
    Script { lines: script.lines, rate: wanted.rate }
}

fn last_message(request: &CompletionRequest) -> String {
    request
        .prompt
        .turns
        .iter()
        .rev()
        .find(|turn| turn.role == Role::User)
        .map(|turn| Part::text_of(&turn.parts))
        .unwrap_or_default()
}

/// Counts one token per word of the prompt.
fn tokens_in(request: &CompletionRequest) -> i64 {
    let words = |text: &str| text.split_whitespace().count();
    let system = request.prompt.system.as_deref().map_or(0, words);
    let turns: usize = request.prompt.turns.iter().map(|turn| words(&Part::text_of(&turn.parts))).sum();
    i64::try_from(system + turns).unwrap_or(i64::MAX)
}

fn answer(request: &CompletionRequest, message: &str, wanted: &Directives) -> String {
    if let Some(schema) = &request.parameters.json_schema {
        return example::of(schema).to_string();
    }
    let mut text = "This is the built-in demo model; no language model was asked.".to_owned();
    if let Some(sum) = wanted.calculate {
        let result = sum.result().map_or_else(|| "undefined".to_owned(), |value| value.to_string());
        text = format!("{text} {} is {result}.", sum.expression());
    }
    match wanted.words {
        Some(words) => {
            let so_far = text.split_whitespace().count();
            for n in so_far..words {
                text.push(' ');
                text.push_str(FILLER[n % FILLER.len()]);
            }
            let kept: Vec<&str> = text.split_whitespace().take(words).collect();
            kept.join(" ")
        }
        None => text + " You wrote: " + message,
    }
}

/// The text up to the first stop sequence, and whether there was one.
fn until_stop(text: String, stops: &[String]) -> (String, bool) {
    let at = stops.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str())).min();
    match at {
        Some(at) => (text[..at].to_owned(), true),
        None => (text, false),
    }
}

#[derive(Default)]
struct Writer {
    lines: Vec<Line>,
    usage: Usage,
}

impl Writer {
    fn reason(&mut self, text: &str) {
        for word in pieces(text) {
            self.usage.output_tokens += 1;
            self.usage.reasoning_tokens += 1;
            self.lines.push(Line::Word(ModelEvent::ReasoningDelta(word.to_owned())));
        }
    }

    fn call(&mut self, sum: Sum) {
        let (call_id, name) = ("call_1".to_owned(), "calculator".to_owned());
        let arguments = json!({ "expression": sum.expression() });
        self.lines
            .push(Line::Note(ModelEvent::ToolCallStart { call_id: call_id.clone(), name: name.clone() }));
        let written: Vec<char> = arguments.to_string().chars().collect();
        for piece in written.chunks(8) {
            self.usage.output_tokens += 1;
            let text = piece.iter().collect();
            self.lines.push(Line::Word(ModelEvent::ToolInputDelta { call_id: call_id.clone(), text }));
        }
        self.lines.push(Line::Note(ModelEvent::ToolCallReady { call_id: call_id.clone(), name, arguments }));
        let result = json!({ "value": sum.result().unwrap_or(Value::Null) });
        self.lines.push(Line::Note(ModelEvent::ToolResult { call_id, result }));
    }

    /// Returns the finish reason, or `None` if the response fails.
    fn speak(&mut self, text: &str, limit: Option<usize>, fail_after: Option<usize>) -> Option<&'static str> {
        for (n, word) in pieces(text).into_iter().enumerate() {
            if fail_after.is_some_and(|most| n >= most) {
                self.lines.push(Line::BreakOff);
                return None;
            }
            if limit.is_some_and(|most| n >= most) {
                return Some("length");
            }
            self.usage.output_tokens += 1;
            self.lines.push(Line::Word(ModelEvent::TextDelta(word.to_owned())));
        }
        Some("stop")
    }
}

/// Words with the white space that follows them: put together they are the text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut in_space = false;
    for (at, c) in text.char_indices() {
        if in_space && !c.is_whitespace() {
            pieces.push(&text[start..at]);
            start = at;
        }
        in_space = c.is_whitespace();
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use triptych_entities::documents::conversations::generation::Parameters;
    use triptych_services::conversations::generations::{Prompt, Turn};

    use super::*;

    fn request(text: &str, parameters: Parameters) -> CompletionRequest {
        let part = Part::Text { id: "0".to_owned(), text: text.to_owned() };
        let turns = vec![Turn { role: Role::User, parts: vec![part] }];
        CompletionRequest { model: "echo".to_owned(), prompt: Prompt { system: None, turns }, parameters }
    }

    fn said(request: &CompletionRequest) -> (String, Vec<ModelEvent>) {
        let events: Vec<ModelEvent> =
            write(request).lines.into_iter().filter_map(|line| line.into_event().ok()).collect();
        let text = events.iter().filter_map(|event| match event {
            ModelEvent::TextDelta(text) => Some(text.as_str()),
            _ => None,
        });
        (text.collect(), events)
    }

    #[test]
    fn the_response_repeats_the_message_and_states_that_it_is_a_demo() {
        let (text, events) = said(&request("Grüße,  world\n", Parameters::default()));
        assert!(text.contains("demo model") && text.ends_with("You wrote: Grüße,  world\n"), "{text}");
        assert_eq!(events.last(), Some(&ModelEvent::Finish { reason: Some("stop".to_owned()) }));
    }

    #[test]
    fn requested_lengths_stop_sequences_and_token_limits_are_applied() {
        let (text, _) = said(&request("write 40 words", Parameters::default()));
        assert_eq!(text.split_whitespace().count(), 40);
        let (text, _) = said(&request("write 3 words", Parameters::default()));
        assert_eq!(text, "This is the");
        let stop = Parameters { stop: vec!["no language".to_owned()], ..Parameters::default() };
        let (text, events) = said(&request("hello", stop));
        assert!(text.ends_with("model; "), "{text}");
        assert_eq!(events.last(), Some(&ModelEvent::Finish { reason: Some("stop_sequence".to_owned()) }));
        let short = Parameters { max_output_tokens: Some(4), ..Parameters::default() };
        let (text, events) = said(&request("hello", short));
        assert_eq!(text.split_whitespace().count(), 4);
        assert_eq!(events.last(), Some(&ModelEvent::Finish { reason: Some("length".to_owned()) }));
    }

    #[test]
    fn all_requested_contents_are_produced() {
        let (_, events) = said(&request("think, calculate 2+3, cite", Parameters::default()));
        let has = |wanted: fn(&ModelEvent) -> bool| events.iter().any(wanted);
        assert!(has(|event| matches!(event, ModelEvent::ReasoningDelta(_))));
        assert!(has(|event| matches!(event, ModelEvent::Citation { .. })));
        assert!(has(|event| matches!(event, ModelEvent::ToolResult { result, .. } if result["value"] == 5)));
        let usage = events.iter().find_map(|event| match event {
            ModelEvent::Usage(usage) => Some(usage.clone()),
            _ => None,
        });
        let usage = usage.unwrap();
        assert!(usage.input_tokens == 4 && usage.reasoning_tokens > 10, "{usage:?}");
    }
}

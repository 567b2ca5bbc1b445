//! The response as it grows: converts the events of a model into parts, and into events for subscribers.

use serde_json::Value;
use triptych_entities::{
    documents::conversations::{
        generation::Usage,
        part::{Part, PartKind},
    },
    payloads::generation_event::GenerationEvent,
};

use crate::conversations::models::ModelEvent;

/// The response so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) parts: Vec<Part>,
    pub(super) usage: Option<Usage>,
    /// Bytes of text in all parts.
    pub(super) size: usize,
    /// The open text or reasoning part, and its length in Unicode scalar values.
    open: Option<(PartKind, i64)>,
    calls: Vec<Call>,
}

/// A tool call whose arguments are being written.
#[derive(Debug)]
struct Call {
    id: String,
    part: usize,
    written: String,
    offset: i64,
    ready: bool,
}

impl Answer {
    /// Applies an event of the model and returns the events for subscribers. `Finish` is handled by the caller.
    pub(super) fn apply(&mut self, event: ModelEvent) -> Vec<GenerationEvent> {
        let mut told = Vec::new();
        match event {
            ModelEvent::TextDelta(text) => self.grow(PartKind::Text, text, &mut told),
            ModelEvent::ReasoningDelta(text) => self.grow(PartKind::Reasoning, text, &mut told),
            ModelEvent::ToolCallStart { call_id, name } => self.start_call(call_id, name, &mut told),
            ModelEvent::ToolInputDelta { call_id, text } => self.write_call(&call_id, &text, &mut told),
            ModelEvent::ToolCallReady { call_id, name, arguments } => {
                self.end_call(call_id, name, arguments, &mut told);
            }
            ModelEvent::ToolResult { call_id, result } => {
                self.close(&mut told);
                self.size += result.to_string().len();
                let part_id = self.next_id();
                told.push(GenerationEvent::PartStarted {
                    part_id: part_id.clone(),
                    kind: PartKind::ToolResult,
                });
                told.push(GenerationEvent::ToolResultReady {
                    part_id: part_id.clone(),
                    call_id: call_id.clone(),
                    result: result.clone(),
                });
                told.push(GenerationEvent::PartFinished { part_id: part_id.clone() });
                self.parts.push(Part::ToolResult { id: part_id, call_id, result });
            }
            ModelEvent::Citation { title, url, quote } => {
                self.close(&mut told);
                let id = self.next_id();
                told.push(GenerationEvent::CitationAdded {
                    part_id: id.clone(),
                    title: title.clone(),
                    url: url.clone(),
                    quote: quote.clone(),
                });
                self.parts.push(Part::Citation { id, title, url, quote });
            }
            ModelEvent::Usage(usage) => {
                self.usage = Some(usage.clone());
                told.push(GenerationEvent::UsageUpdated { usage });
            }
            ModelEvent::Finish { .. } => self.close(&mut told),
        }
        told
    }

    /// Closes the open part, if there is one.
    pub(super) fn close(&mut self, told: &mut Vec<GenerationEvent>) {
        if self.open.take().is_some()
            && let Some(part) = self.parts.last()
        {
            told.push(GenerationEvent::PartFinished { part_id: part.id().to_owned() });
        }
    }

    fn next_id(&self) -> String {
        self.parts.len().to_string()
    }

    fn grow(&mut self, kind: PartKind, text: String, told: &mut Vec<GenerationEvent>) {
        if self.open.is_none_or(|(open, _)| open != kind) {
            self.close(told);
            let id = self.next_id();
            told.push(GenerationEvent::PartStarted { part_id: id.clone(), kind });
            self.parts.push(match kind {
                PartKind::Reasoning => Part::Reasoning { id, text: String::new() },
                _ => Part::Text { id, text: String::new() },
            });
            self.open = Some((kind, 0));
        }
        let (Some((_, length)), Some(part)) = (&mut self.open, self.parts.last_mut()) else { return };
        let offset = *length;
        *length += scalars(&text);
        self.size += text.len();
        let part_id = part.id().to_owned();
        if let Part::Text { text: so_far, .. } | Part::Reasoning { text: so_far, .. } = part {
            so_far.push_str(&text);
        }
        told.push(match kind {
            PartKind::Reasoning => GenerationEvent::ReasoningDelta { part_id, offset, text },
            _ => GenerationEvent::TextDelta { part_id, offset, text },
        });
    }

    fn start_call(&mut self, call_id: String, name: String, told: &mut Vec<GenerationEvent>) {
        self.close(told);
        let id = self.next_id();
        told.push(GenerationEvent::PartStarted { part_id: id.clone(), kind: PartKind::ToolCall });
        let part = self.parts.len();
        self.parts.push(Part::ToolCall {
            id,
            call_id: call_id.clone(),
            name,
            arguments: Value::String(String::new()),
        });
        self.calls.push(Call { id: call_id, part, written: String::new(), offset: 0, ready: false });
    }

    fn write_call(&mut self, call_id: &str, text: &str, told: &mut Vec<GenerationEvent>) {
        let Some(call) = self.calls.iter_mut().rev().find(|call| call.id == call_id && !call.ready) else {
            return;
        };
        let offset = call.offset;
        call.offset += scalars(text);
        call.written.push_str(text);
        self.size += text.len();
        if let Some(Part::ToolCall { id, arguments, .. }) = self.parts.get_mut(call.part) {
            *arguments = Value::String(call.written.clone());
            told.push(GenerationEvent::ToolInputDelta { part_id: id.clone(), offset, text: text.to_owned() });
        }
    }

    fn end_call(&mut self, call_id: String, name: String, arguments: Value, told: &mut Vec<GenerationEvent>) {
        let known = self.calls.iter().rposition(|call| call.id == call_id && !call.ready);
        let known = known.unwrap_or_else(|| {
            self.start_call(call_id.clone(), name.clone(), told);
            self.calls.len() - 1
        });
        let Some(call) = self.calls.get_mut(known) else { return };
        call.ready = true;
        if let Some(Part::ToolCall { id, arguments: written, .. }) = self.parts.get_mut(call.part) {
            *written = arguments.clone();
            told.push(GenerationEvent::ToolCallReady { part_id: id.clone(), call_id, name, arguments });
            told.push(GenerationEvent::PartFinished { part_id: id.clone() });
        }
    }
}

/// Offsets count Unicode scalar values.
fn scalars(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_scalar_values_and_parts_follow_each_other() {
        let mut answer = Answer::default();
        let mut told = answer.apply(ModelEvent::ReasoningDelta("hm".to_owned()));
        for text in ["Grüße 👋🏽", "!"] {
            told.extend(answer.apply(ModelEvent::TextDelta(text.to_owned())));
        }
        told.extend(answer.apply(ModelEvent::Finish { reason: None }));
        let delta = |part_id: &str, offset, text: &str| GenerationEvent::TextDelta {
            part_id: part_id.to_owned(),
            offset,
            text: text.to_owned(),
        };
        assert_eq!(told[2], GenerationEvent::PartFinished { part_id: "0".to_owned() });
        assert_eq!(&told[4..6], [delta("1", 0, "Grüße 👋🏽"), delta("1", 8, "!")]);
        assert_eq!(told[6], GenerationEvent::PartFinished { part_id: "1".to_owned() });
        assert_eq!(Part::text_of(&answer.parts), "Grüße 👋🏽!");
    }

    #[test]
    fn a_complete_tool_call_has_the_same_events_as_a_streamed_one() {
        let mut answer = Answer::default();
        let (call_id, name) = ("c".to_owned(), "add".to_owned());
        let told = answer.apply(ModelEvent::ToolCallReady { call_id, name, arguments: Value::Null });
        assert!(matches!(told[0], GenerationEvent::PartStarted { .. }));
        assert!(matches!(told[1], GenerationEvent::ToolCallReady { .. }));
        assert!(matches!(told[2], GenerationEvent::PartFinished { .. }));
    }
}

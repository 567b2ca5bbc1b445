//! Converts events of `genai`.

use std::collections::{HashMap, VecDeque};

use futures::stream::{self, BoxStream, StreamExt as _};
use genai::chat::{ChatStream, ChatStreamEvent, StreamEnd, ToolCall};
use serde_json::Value;
use triptych_entities::documents::conversations::generation::Usage;
use triptych_services::conversations::models::Models;

use super::failure;
use crate::conversations::models::{ModelError, ModelEvent};

struct Reader {
    source: ChatStream,
    models: Models,
    ready: VecDeque<ModelEvent>,
    /// The length of the arguments of each call that have been sent.
    calls: HashMap<String, usize>,
    ended: bool,
}

pub(super) fn events(
    source: ChatStream,
    models: Models,
) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
    let reader = Reader { source, models, ready: VecDeque::new(), calls: HashMap::new(), ended: false };
    stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((event, reader))
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.source.next().await {
                Some(Ok(event)) => self.take(event),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(failure::of(&error, &self.models)));
                }
                // A complete response has an end event.
                None => {
                    self.ended = true;
                    return Some(Err(ModelError::cut_off()));
                }
            }
        }
    }

    fn take(&mut self, event: ChatStreamEvent) {
        match event {
            ChatStreamEvent::Chunk(chunk) if !chunk.content.is_empty() => {
                self.ready.push_back(ModelEvent::TextDelta(chunk.content));
            }
            ChatStreamEvent::ReasoningChunk(chunk) if !chunk.content.is_empty() => {
                self.ready.push_back(ModelEvent::ReasoningDelta(chunk.content));
            }
            ChatStreamEvent::ToolCallChunk(chunk) => self.take_call(&chunk.tool_call),
            ChatStreamEvent::End(end) => self.take_end(end),
            _ => {}
        }
    }

    /// Each event of a call contains all of its arguments so far.
    fn take_call(&mut self, call: &ToolCall) {
        if !self.calls.contains_key(&call.call_id) {
            self.calls.insert(call.call_id.clone(), 0);
            self.ready.push_back(ModelEvent::ToolCallStart {
                call_id: call.call_id.clone(),
                name: call.fn_name.clone(),
            });
        }
        let written = match &call.fn_arguments {
            Value::String(text) => text.clone(),
            Value::Null => return,
            whole => whole.to_string(),
        };
        let seen = self.calls.entry(call.call_id.clone()).or_default();
        if let Some(more) = written.get(*seen..).filter(|more| !more.is_empty()) {
            *seen = written.len();
            let text = more.to_owned();
            self.ready.push_back(ModelEvent::ToolInputDelta { call_id: call.call_id.clone(), text });
        }
    }

    fn take_end(&mut self, end: StreamEnd) {
        self.ended = true;
        if let Some(usage) = &end.captured_usage {
            self.ready.push_back(ModelEvent::Usage(tokens(usage)));
        }
        let reason = end.captured_stop_reason.as_ref().map(reason);
        for call in end.captured_into_tool_calls().unwrap_or_default() {
            self.take_call(&call);
            self.ready.push_back(ModelEvent::ToolCallReady {
                call_id: call.call_id,
                name: call.fn_name,
                arguments: call.fn_arguments,
            });
        }
        self.ready.push_back(ModelEvent::Finish { reason });
    }
}

fn tokens(usage: &genai::chat::Usage) -> Usage {
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    Usage {
        input_tokens: count(usage.prompt_tokens),
        output_tokens: count(usage.completion_tokens),
        cached_input_tokens: count(usage.prompt_tokens_details.as_ref().and_then(|d| d.cached_tokens)),
        reasoning_tokens: count(usage.completion_tokens_details.as_ref().and_then(|d| d.reasoning_tokens)),
        cost_micros: 0,
    }
}

/// Normalizes the reasons of providers.
fn reason(reason: &genai::chat::StopReason) -> String {
    use genai::chat::StopReason;
    match reason {
        StopReason::Completed(_) => "stop",
        StopReason::MaxTokens(_) => "length",
        StopReason::ToolCall(_) => "tool_calls",
        StopReason::ContentFilter(_) => "content_filter",
        StopReason::StopSequence(_) => "stop_sequence",
        StopReason::Other(other) => return other.clone(),
    }
    .to_owned()
}

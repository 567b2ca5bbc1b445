//! Converts requests for `genai`.

use std::time::Duration;

use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponseFormat, ContentPart, JsonSpec, MessageContent,
};
use triptych_entities::documents::conversations::{generation::Parameters, message::Role, part::Part};
use triptych_services::conversations::generations::{Prompt, Turn};

pub(super) fn options(parameters: &Parameters, idle: Duration) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        // With this option each event contains all arguments so far.
        .with_capture_tool_calls(true)
        .with_stream_header_timeout(idle)
        .with_stream_read_timeout(idle)
        .with_stop_sequences(parameters.stop.clone());
    options.temperature = parameters.temperature;
    options.top_p = parameters.top_p;
    options.max_tokens = parameters.max_output_tokens.and_then(|n| u32::try_from(n).ok());
    options.seed = parameters.seed.and_then(|seed| u64::try_from(seed).ok());
    options.response_format = parameters
        .json_schema
        .clone()
        .map(|schema| ChatResponseFormat::JsonSpec(JsonSpec::new("answer", schema)));
    options
}

pub(super) fn chat(prompt: &Prompt) -> ChatRequest {
    let mut request = ChatRequest::new(prompt.turns.iter().filter_map(message).collect());
    request.system.clone_from(&prompt.system);
    request
}

/// `None` for a turn without content for a model.
fn message(turn: &Turn) -> Option<ChatMessage> {
    match turn.role {
        Role::User => {
            let parts: Vec<ContentPart> = turn.parts.iter().filter_map(shown).collect();
            (!parts.is_empty()).then(|| ChatMessage::user(MessageContent::from_parts(parts)))
        }
        Role::Assistant => {
            let text = Part::text_of(&turn.parts);
            (!text.is_empty()).then(|| ChatMessage::assistant(text))
        }
        Role::System | Role::Tool => None,
    }
}

fn shown(part: &Part) -> Option<ContentPart> {
    match part {
        Part::Text { text, .. } => Some(ContentPart::from_text(text)),
        Part::Image { media_type, url, .. } => Some(binary(media_type, url, None)),
        Part::File { name, media_type, url, .. } => Some(binary(media_type, url, Some(name.clone()))),
        Part::Data { data, .. } => Some(ContentPart::from_text(data.to_string())),
        _ => None,
    }
}

fn binary(media_type: &str, url: &str, name: Option<String>) -> ContentPart {
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((media_type, content)) => ContentPart::from_binary_base64(media_type, content, name),
        None => ContentPart::from_binary_url(media_type, url, name),
    }
}

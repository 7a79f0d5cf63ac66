//! What went over the wire, as far as a report may show it.

use std::time::Instant;

use serde::Serialize;

/// One request and what came back.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// When the request had come.
    #[serde(skip)]
    pub at: Instant,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// Bytes of its body.
    pub bytes_in: usize,
    /// The status that the connector saw; nothing when it saw none.
    pub status: Option<u16>,
    /// Bytes of the body that were handed to the connector.
    pub bytes_out: u64,
    /// What was played.
    pub played: Option<&'static str>,
    /// The upstream was asked.
    pub asked: bool,
}

impl Exchange {
    /// On one line, for people.
    pub fn line(&self) -> String {
        let status = match self.status {
            Some(status) => format!("answered {status}, {} bytes", self.bytes_out),
            None => "no answer".to_owned(),
        };
        let played = self
            .played
            .map_or(String::new(), |played| format!(" ({played})"));
        format!(
            "{} {}, {} bytes → {status}{played}",
            self.method, self.path, self.bytes_in
        )
    }
}

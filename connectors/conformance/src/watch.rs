//! What was logged and said while a check ran.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

/// Longest record, in bytes: what comes later is not kept.
const LONGEST: usize = 64 * 1024 * 1024;

/// Keeps all that is written to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<u8>>>);

impl Watch {
    /// A subscriber that writes all events and spans here.
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
            .with_writer(self.clone())
            .finish()
    }

    /// Notes what was said otherwise.
    pub(crate) fn note(&self, text: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < LONGEST {
            kept.extend_from_slice(text.as_bytes());
            kept.push(b'\n');
        }
    }

    /// Which of these texts stand in it.
    pub(crate) fn holds<'t>(&self, texts: &'t [String]) -> Option<&'t str> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |text: &&String| {
            let text = text.as_bytes();
            !text.is_empty() && kept.windows(text.len()).any(|part| part == text)
        };
        texts.iter().find(stands).map(String::as_str)
    }
}

impl io::Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < LONGEST {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Watch {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

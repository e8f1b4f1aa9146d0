//! One log line: a sentence with fields, and the trace id of its span. Either
//! for a person (text) or one JSON object.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

pub(super) enum Lines {
    Text,
    Json,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let trace = super::trace_id();
        let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let (level, target) = (event.metadata().level(), event.metadata().target());
        match self {
            Self::Text => {
                let level = level_text(*level, writer.has_ansi_escapes());
                write!(writer, "{at} {level} {target}: {}", fields.message)?;
                for (name, value) in &fields.others {
                    match value {
                        Value::String(text) if !text.contains([' ', '"', '\n']) => {
                            write!(writer, " {name}={text}")?;
                        }
                        value => write!(writer, " {name}={value}")?,
                    }
                }
                if let Some(trace) = trace {
                    write!(writer, " trace_id={trace}")?;
                }
                writeln!(writer)
            }
            Self::Json => {
                let mut line = Map::new();
                line.insert("at".to_owned(), at.into());
                line.insert("level".to_owned(), level.as_str().to_lowercase().into());
                line.insert("target".to_owned(), target.into());
                line.insert("message".to_owned(), fields.message.into());
                if let Some(trace) = trace {
                    line.insert("trace_id".to_owned(), trace.into());
                }
                line.extend(fields.others);
                writeln!(writer, "{}", Value::Object(line))
            }
        }
    }
}

fn level_text(level: Level, colours: bool) -> &'static str {
    match (level, colours) {
        (Level::ERROR, true) => "\x1b[31mERROR\x1b[0m",
        (Level::WARN, true) => "\x1b[33m WARN\x1b[0m",
        (Level::INFO, true) => "\x1b[32m INFO\x1b[0m",
        (Level::DEBUG, true) => "\x1b[34mDEBUG\x1b[0m",
        (Level::TRACE, true) => "\x1b[35mTRACE\x1b[0m",
        (Level::ERROR, false) => "ERROR",
        (Level::WARN, false) => " WARN",
        (Level::INFO, false) => " INFO",
        (Level::DEBUG, false) => "DEBUG",
        (Level::TRACE, false) => "TRACE",
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
        } else if !field.name().starts_with("log.") {
            self.others.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::TracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(lines: Lines) -> String {
        let page = Page::default();
        let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
        let to = page.clone();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(false)
                    .event_format(lines)
                    .with_writer(move || to.clone()),
            );
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("place").in_scope(|| {
                tracing::info!(order.id = %"ord_1", beans = 3, "placed \"one\" order");
            });
        });
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_within_a_span_carries_its_trace_id() {
        let text = written(Lines::Text);
        assert!(text.contains("placed \"one\" order beans=3 order.id=ord_1 trace_id="), "{text}");
        let json: Value = serde_json::from_str(&written(Lines::Json)).unwrap();
        assert_eq!(json["message"], "placed \"one\" order");
        assert_eq!((&json["order.id"], &json["beans"]), (&"ord_1".into(), &3.into()));
        assert_eq!(json["trace_id"].as_str().map(str::len), Some(32));
    }
}

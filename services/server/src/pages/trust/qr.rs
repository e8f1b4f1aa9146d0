//! A QR code as the path of an SVG.

use std::fmt::Write;

use qrcode::{Color, QrCode};

/// Light modules around the code, without which cameras do not see it (ISO/IEC 18004).
const QUIET: usize = 4;

/// Units are modules.
pub(crate) struct Qr {
    pub(crate) size: usize,
    pub(crate) path: String,
}

impl Qr {
    /// `None` when a text is too long for one.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let (width, colours) = (code.width(), code.to_colors());
        let mut path = String::new();
        for (y, row) in colours.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] == Color::Dark {
                    let (x, y, length) = (x + QUIET, y + QUIET, run.len());
                    let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
                }
                x += run.len();
            }
        }
        Some(Self { size: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dark_module_is_drawn_once() {
        let text = "http://coffee.local:8080/trust";
        let qr = Qr::of(text).unwrap();
        let drawn: usize = qr
            .path
            .split('h')
            .filter_map(|part| part.split_once("v1")?.0.parse::<usize>().ok())
            .sum();
        let dark = QrCode::new(text).unwrap().to_colors();
        assert_eq!(drawn, dark.iter().filter(|colour| **colour == Color::Dark).count());
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "the corner's mark: {}", qr.path);
        assert!(Qr::of(&"x".repeat(10_000)).is_none());
    }
}

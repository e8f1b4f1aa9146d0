//! Stylesheets, scripts and icons, embedded into the program. Their address
//! holds a hash of all of them, so browsers may keep each for ever and modules
//! import each other by relative names.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use runtime::Code;
use sha2::{Digest, Sha256};

use crate::{extract::Path, problem::Problem, web::PageError};

/// An embedded file: name, content type, bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $type:expr,)*) => {
        &[$(Asset {
            name: $name,
            content_type: $type,
            bytes: include_bytes!(concat!("../../assets/", $name)),
        },)*]
    };
}

/// Everything there is.
pub(crate) const ASSETS: &[Asset] = assets! {
    "app.css": CSS,
    "counter.css": CSS,
    "shared.css": CSS,
    "live.js": JS,
    "app.js": JS,
    "counter.js": JS,
    "dom.js": JS,
    "idle.js": JS,
    "menu.js": JS,
    "passkeys.js": JS,
    "pad.js": JS,
    "pair.js": JS,
    "icon.svg": "image/svg+xml",
    "icon-180.png": "image/png",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "app.webmanifest": "application/manifest+json",
};

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        hash.update(asset.name.as_bytes());
        hash.update(asset.bytes.len().to_be_bytes());
        hash.update(asset.bytes);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// The hash of all assets, 16 hexadecimal digits.
pub(crate) fn version() -> &'static str {
    &VERSION
}

/// Where a browser finds an asset.
pub(crate) fn url(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

/// An asset by its name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// `GET /assets/{version}/{name}`. Another version is of a page from before an
/// update: it gets what there is now, and may not keep it.
pub(crate) async fn get(
    path: Result<Path<(String, String)>, Problem>,
) -> Result<Response, PageError> {
    let Path((wanted, name)) = path?;
    let asset = find(&name).ok_or_else(|| Problem::new(Code::UnknownPath))?;
    let keep = if wanted == version() { FOR_EVER } else { ASK_AGAIN };
    let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, keep)];
    Ok((headers, asset.bytes).into_response())
}

/// `GET /favicon.ico`, which browsers ask for whatever a page says.
pub(crate) async fn favicon() -> Response {
    let bytes = find("icon-192.png").map(|icon| icon.bytes).unwrap_or_default();
    let headers =
        [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_styles_import_only_what_is_embedded() {
        for asset in ASSETS {
            let Ok(text) = std::str::from_utf8(asset.bytes) else { continue };
            for (at, _) in text.match_indices("from \"./") {
                let name = text[at + 8..].split('"').next().unwrap();
                assert!(find(name).is_some(), "{} imports {name}", asset.name);
            }
            assert!(!text.contains("//cdn") && !text.contains("@import"), "{}", asset.name);
        }
    }

    #[test]
    fn an_address_changes_with_the_content_only() {
        assert_eq!(url("app.css"), url("app.css"));
        assert_eq!(version().len(), 16);
    }
}

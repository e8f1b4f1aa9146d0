//! Where a page of orders ends: opaque to callers, and checked when it comes back.
//! It needs no signature: it only says where to go on, and what may be seen there
//! is asked again for every page.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use types::OrderId;
use uuid::Uuid;

const FORM: u8 = 1;

/// The cursor that goes on after this order.
pub(crate) fn after(order: OrderId) -> String {
    let mut bytes = [0; 17];
    bytes[0] = FORM;
    bytes[1..].copy_from_slice(order.uuid().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The order that a cursor goes on after; `None` when it is none of ours.
pub(crate) fn parse(cursor: &str) -> Option<OrderId> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (form, id) = bytes.split_first()?;
    let id = Uuid::from_slice(id).ok()?;
    (*form == FORM).then_some(OrderId::from_uuid(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_broken_one_does_not() {
        let order = OrderId::new();
        assert_eq!(parse(&after(order)), Some(order));
        let cut = &after(order)[1..];
        for broken in ["", "!!", cut, "AAAA", &"A".repeat(200)] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}

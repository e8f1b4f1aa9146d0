//! Placing an order from a form, whichever page the form was on.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use runtime::Code;
use types::Scope;
use wire::order::v1 as pb;

use crate::{
    extract::is_key,
    pages::{
        frame::Frame,
        shared::kiosk,
        view::{Errors, menu::Chosen},
    },
    problem::Problem,
    web::{PageError, see_other},
};

/// How long the answer may wait for the order to be settled, in milliseconds:
/// then the first thing that a page without script shows is "in the queue".
pub(crate) const WAIT_MS: i32 = 700;

/// An order that was placed.
pub(crate) struct Ordered {
    id: String,
    number: i32,
    /// It waits for a guardian's yes.
    held: bool,
}

/// What became of a form.
pub(crate) enum Placed {
    Order(Ordered),
    /// Shown again, with what is wrong beside the fields.
    Refused {
        status: StatusCode,
        errors: Errors,
        /// The key was used for another order before: this one needs a new key.
        already_sent: bool,
        /// A child's limits say no, and somebody may say yes.
        ask: Option<AskLabel>,
    },
}

/// What the button says that sends an order which passes a child's limits.
pub(crate) type AskLabel = &'static str;

/// Whether limits are to be passed by asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    Obey,
    Ask,
}

impl Limits {
    /// As a form says it: which button was tapped.
    pub(crate) fn of(fields: &[(String, String)]) -> Self {
        let ask = fields.iter().find(|(name, _)| name == "ask");
        Self::said(ask.map_or("", |(_, value)| value))
    }

    /// The same of the one field.
    pub(crate) fn said(ask: &str) -> Self {
        if ask == "yes" { Self::Ask } else { Self::Obey }
    }
}

/// Places one order of these drinks. What the person can mend is `Refused`. A
/// failure that passes is an error: its page keeps the form with its key
/// (`pages::table`), and needs none of what is away to show it.
pub(crate) async fn place(
    frame: &Frame,
    drinks: &[Chosen],
    key: &str,
    limits: Limits,
) -> Result<Placed, PageError> {
    let errors = check(drinks);
    if !errors.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(Placed::Refused { status, errors, already_sent: false, ask: None });
    }
    check_key(key)?;
    let request = pb::PlaceOrderRequest {
        idempotency_key: key.to_owned(),
        items: drinks.iter().map(wish).collect(),
        not_before: None,
        wait_ms: WAIT_MS,
        ask_guardian: limits == Limits::Ask,
    };
    outcome(frame.app.orders(&frame.viewer).place_order(request).await)
}

/// An idempotency key as our forms carry it.
pub(crate) fn check_key(key: &str) -> Result<(), Problem> {
    if is_key(key) {
        return Ok(());
    }
    let message = "This form is not one of ours. Load the page again.";
    Err(Problem::invalid("form:key", "invalid", message))
}

/// What became of it, by what order-service said.
pub(crate) fn outcome(
    placed: Result<tonic::Response<pb::PlaceOrderResponse>, tonic::Status>,
) -> Result<Placed, PageError> {
    let problem = match placed {
        Ok(response) => match response.into_inner().order {
            Some(order) => {
                let held = order.state() == pb::OrderState::Held;
                let pb::Order { id, number, .. } = order;
                return Ok(Placed::Order(Ordered { id, number, held }));
            }
            None => Problem::new(Code::Internal),
        },
        Err(status) => Problem::from(status),
    };
    match problem.code() {
        Code::Unauthenticated | Code::InvalidCredential | Code::Forbidden | Code::Internal => {
            Err(problem.into())
        }
        _ if problem.is_transient() => Err(problem.into()),
        code => Ok(Placed::Refused {
            status: problem.status(),
            errors: errors_of(&problem),
            already_sent: code == Code::IdempotencyKeyReused,
            ask: ask_label(&problem),
        }),
    }
}

/// What the button says by which somebody asks all the same; none: there is none.
fn ask_label(problem: &Problem) -> Option<AskLabel> {
    let says = |fact: &str| problem.fact(fact) == Some("true");
    match problem.code() {
        Code::LimitReached if says("may_decide") => Some("Order it all the same"),
        Code::LimitReached if says("may_ask") => Some("Ask for it"),
        _ => None,
    }
}

/// Where somebody goes who has ordered: to their order; at a kiosk to a thank-you,
/// after which the next child may come.
pub(crate) async fn then(frame: &Frame, headers: &HeaderMap, order: &Ordered) -> Response {
    let Ordered { id, number, held } = order;
    if frame.viewer.scope == Scope::Kiosk {
        return kiosk::ordered(&frame.app, headers, *number, *held).await;
    }
    see_other(&format!("/orders/{id}")).into_response()
}

/// What can be said without asking anybody.
pub(crate) fn check(drinks: &[Chosen]) -> Errors {
    let mut errors = Errors::default();
    for (at, drink) in drinks.iter().enumerate() {
        if drink.whom == "guest" && drink.guest.is_empty() {
            errors.add(&format!("items[{at}].guest"), "What is your guest’s name?");
        }
    }
    errors
}

/// A problem's fields, or else its sentence for the whole form.
pub(crate) fn errors_of(problem: &Problem) -> Errors {
    let mut errors = Errors::default();
    // Limits are told as a whole, with what is possible instead.
    let fields = if problem.code() == Code::LimitReached { &[] } else { problem.errors() };
    for field in fields {
        errors.add(&field.path, sentence(&field.message));
    }
    if errors.is_empty() {
        let says = match problem.code() {
            Code::IdempotencyKeyReused => {
                "This was sent before, with other drinks. Look whether it is among your orders."
                    .to_owned()
            }
            _ => problem.text().map_or_else(|| format!("{}.", problem.title()), str::to_owned),
        };
        errors = match problem.code() {
            Code::BarPaused | Code::BarClosed => Errors::of_bar(sentence(&says)),
            _ => Errors::general(sentence(&says)),
        };
    }
    errors
}

/// "it comes" → "It comes."
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    let end = if words.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A chosen drink for order-service.
pub(crate) fn wish(chosen: &Chosen) -> pb::ItemRequest {
    use pb::item_request::Recipient;
    let Chosen { drink, size, milk, extras, note, whom, guest } = chosen.clone();
    let recipient = match whom.as_str() {
        "" => None,
        "guest" => Some(Recipient::Guest(guest)),
        _ => Some(Recipient::MemberId(whom)),
    };
    pb::ItemRequest { menu_item: drink, size, milk, extras, note, recipient }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_needs_a_name() {
        let guest = |name: &str| Chosen {
            whom: "guest".to_owned(),
            guest: name.to_owned(),
            ..Chosen::default()
        };
        assert!(check(&[Chosen::default(), guest("Leo")]).is_empty());
        assert_eq!(check(&[Chosen::default(), guest("")]).of_line(&1).len(), 1);
    }

    #[test]
    fn a_problem_becomes_sentences_beside_its_fields() {
        let problem = Problem::invalid("/items/1/milk", "sold-out", "oat is sold out today");
        assert_eq!(errors_of(&problem).of_line(&1), ["Oat is sold out today."]);
        let problem = Problem::new(Code::BarPaused).detail("the bar is back at 14:30");
        assert_eq!(errors_of(&problem).of_whole(), ["The bar is back at 14:30."]);
    }
}

//! Beans: what one has, where they came from and went, and giving some away.

pub(crate) mod member;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use runtime::Code;
use types::Role;
use wire::customer::v1 as pb;

use super::{
    frame::{Frame, new_key},
    order::place::errors_of,
    view::{Card, Entry, Errors, People, Person, Shell, Tab, Wallet},
};
use crate::{
    extract::Query,
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "beans/page.html")]
pub(crate) struct BeansPage {
    pub(crate) shell: Shell,
    pub(crate) wallet: Wallet,
    pub(crate) card: Card,
    pub(crate) form: GiftView,
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: String,
    pub(crate) admin: bool,
    /// For an admin: everybody else's.
    pub(crate) family: Vec<Purse>,
}

/// The form, as it is shown.
pub(crate) struct GiftView {
    pub(crate) key: String,
    /// Everybody else, and who was picked.
    pub(crate) people: Vec<(Person, bool)>,
    pub(crate) beans: String,
    pub(crate) words: String,
    pub(crate) errors: Errors,
}

impl GiftView {
    /// Folded away until something is wrong with it.
    pub(crate) fn open(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// What somebody has.
pub(crate) struct Purse {
    pub(crate) person: Person,
    pub(crate) beans: i64,
}

const PAGE_SIZE: i32 = 30;

/// Where the statement goes on.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    cursor: String,
}

/// The form, as browsers send it.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct GiftForm {
    key: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    beans: String,
    #[serde(default)]
    message: String,
}

/// `GET /beans?cursor=`
pub(crate) async fn page(
    frame: Frame,
    from: Result<Query<From>, Problem>,
) -> Result<Page<BeansPage>, PageError> {
    let Query(From { cursor }) = from?;
    let form = GiftForm { key: new_key(), ..GiftForm::default() };
    Ok(Page(show(&frame, cursor, form, Errors::default()).await?))
}

/// `POST /beans`: gives some away.
pub(crate) async fn give(
    frame: Frame,
    PageForm(form): PageForm<GiftForm>,
) -> Result<Response, PageError> {
    let mut errors = Errors::default();
    if form.to.is_empty() {
        errors.add("member_id", "Who gets them?");
    }
    let beans = whole(&form.beans, &mut errors);
    if !errors.is_empty() {
        let page = show(&frame, String::new(), form, errors).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
    }
    let request = pb::GiveBeansRequest {
        idempotency_key: form.key.clone(),
        member_id: form.to.clone(),
        beans,
        message: form.message.clone(),
    };
    match frame.app.customers(&frame.viewer).give_beans(request).await {
        Ok(_) => Ok(see_other("/beans").into_response()),
        Err(status) => {
            let (status, errors, key) = refusal(status.into(), form.key.clone())?;
            let form = GiftForm { key, ..form };
            let page = show(&frame, String::new(), form, errors).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

async fn show(
    frame: &Frame,
    cursor: String,
    form: GiftForm,
    errors: Errors,
) -> Result<BeansPage, PageError> {
    let (account, family, people) =
        tokio::join!(account(frame, String::new(), cursor), family(frame), frame.people());
    let Account { wallet, card, entries, next } = account?;
    let GiftForm { key, to, beans, message } = form;
    let mut others = frame.me_first(&people);
    others.remove(0);
    let others = others.into_iter().map(|person| {
        let picked = person.id == to;
        (person, picked)
    });
    Ok(BeansPage {
        shell: frame.shell(Tab::Menu, &people),
        wallet,
        card,
        form: GiftView { key, people: others.collect(), beans, words: message, errors },
        entries: told(frame, &people, &entries),
        next,
        admin: frame.viewer.may(Role::Admin),
        family: family?,
    })
}

/// What somebody has and one page of how it came about.
struct Account {
    wallet: Wallet,
    card: Card,
    entries: Vec<pb::LedgerEntry>,
    next: String,
}

/// Of a member; empty: one's own.
async fn account(frame: &Frame, member_id: String, cursor: String) -> Result<Account, PageError> {
    let balance = pb::GetBalanceRequest { member_id: member_id.clone() };
    let statement = pb::GetStatementRequest { member_id, cursor, limit: PAGE_SIZE };
    let (mut first, mut second) =
        (frame.app.customers(&frame.viewer), frame.app.customers(&frame.viewer));
    let (balance, statement) =
        tokio::join!(first.get_balance(balance), second.get_statement(statement));
    let pb::GetStatementResponse { entries, next_cursor } = statement?.into_inner();
    let balance = balance?.into_inner();
    let (wallet, card) = (Wallet::new(&balance), Card::new(&balance));
    Ok(Account { wallet, card, entries, next: next_cursor })
}

fn told(frame: &Frame, people: &People, entries: &[pb::LedgerEntry]) -> Vec<Entry> {
    entries.iter().map(|entry| Entry::new(entry, people, frame.clock())).collect()
}

/// For an admin what everybody else has; nobody else sees it.
async fn family(frame: &Frame) -> Result<Vec<Purse>, PageError> {
    if !frame.viewer.may(Role::Admin) {
        return Ok(Vec::new());
    }
    let list = frame.app.customers(&frame.viewer).list_members(pb::ListMembersRequest {}).await?;
    let me = frame.viewer.member.to_string();
    let others = list.into_inner().members.into_iter().filter(|member| member.id != me);
    let others = others.filter(|member| member.kind() != pb::MemberKind::Guest);
    Ok(others
        .map(|member| Purse {
            person: Person::new(&member.id, &member.name, &member.emoji, &member.colour),
            beans: member.balance_beans,
        })
        .collect())
}

/// How many beans a field says; 0 where it says nothing.
fn whole(text: &str, errors: &mut Errors) -> i64 {
    text.trim().parse().ok().filter(|beans| *beans > 0).unwrap_or_else(|| {
        errors.add("beans", "How many? A whole number, please.");
        0
    })
}

/// What a form says about a refusal, and the key that it goes on with.
fn refusal(problem: Problem, key: String) -> Result<(StatusCode, Errors, String), PageError> {
    match problem.code() {
        Code::Unauthenticated | Code::InvalidCredential | Code::Forbidden | Code::Internal => {
            Err(problem.into())
        }
        _ if problem.is_transient() => Err(problem.into()),
        Code::IdempotencyKeyReused => {
            let says = "This was sent before, with something else. Look below whether it is there.";
            Ok((problem.status(), Errors::general(says), new_key()))
        }
        _ => Ok((problem.status(), errors_of(&problem), key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_positive_whole_number_is_how_many() {
        for (text, beans, wrong) in
            [("5", 5, false), (" 12 ", 12, false), ("", 0, true), ("-3", 0, true), ("1.5", 0, true)]
        {
            let mut errors = Errors::default();
            assert_eq!((whole(text, &mut errors), errors.has("beans")), (beans, wrong), "{text}");
        }
    }
}

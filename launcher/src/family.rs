//! The demo family and everybody's sign-in links, through customer-service's
//! own gRPC, as the peer `launcher`.

use std::{fmt::Write, time::Duration};

use anyhow::{Context, Result};
use qrcode::{QrCode, render::unicode::Dense1x2};
use runtime::tokens::Credentials;
use secrecy::SecretString;
use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use types::MemberId;
use uuid::Uuid;
use wire::{
    access::Peer,
    customer::v1::{
        CreateMemberRequest, CreateSignInLinkRequest, ListInvitedRequest, ListMembersRequest,
        Member, MemberKind, RebuildProjectionsRequest, Role,
        customer_service_client::CustomerServiceClient,
    },
};

use crate::engines::Plan;

/// What each member of the demo family begins with, in beans.
const OPENING_BEANS: i64 = 50;
const DEADLINE: Duration = Duration::from_secs(5);

/// The same in every data folder, like the demo family's.
const FIRST_ADMIN: u128 = 0x019a_0000_0000_7000_8000_0000_0000_0001;

struct Relative {
    id: u128,
    name: &'static str,
    emoji: &'static str,
    colour: &'static str,
    roles: &'static [Role],
    /// Whose children they are; nobody's: an adult.
    guardians: &'static [u128],
}

const ADA: u128 = 0x019a_0000_0000_7000_8000_0000_0000_00ad;
const BEN: u128 = 0x019a_0000_0000_7000_8000_0000_0000_00be;

/// Their ids are the same in every data folder: seeding again finds them there.
const FAMILY: [Relative; 5] = [
    Relative {
        id: ADA,
        name: "Ada",
        emoji: "👩",
        colour: "#a0522d",
        roles: &[Role::Admin, Role::Barista, Role::Member],
        guardians: &[],
    },
    Relative {
        id: BEN,
        name: "Ben",
        emoji: "👨",
        colour: "#2f6f6f",
        roles: &[Role::Barista, Role::Member],
        guardians: &[],
    },
    Relative {
        id: 0x019a_0000_0000_7000_8000_0000_0000_00c1,
        name: "Cleo",
        emoji: "👧",
        colour: "#8a4fbf",
        roles: &[Role::Member],
        guardians: &[],
    },
    Relative {
        id: 0x019a_0000_0000_7000_8000_0000_0000_00da,
        name: "Dan",
        emoji: "👦",
        colour: "#2d6cb5",
        roles: &[Role::Member],
        guardians: &[ADA, BEN],
    },
    Relative {
        id: 0x019a_0000_0000_7000_8000_0000_0000_00ed,
        name: "Edith",
        emoji: "👵",
        colour: "#b5472d",
        roles: &[Role::Member],
        guardians: &[],
    },
];

impl Relative {
    fn member_id(&self) -> String {
        printed(self.id)
    }

    const fn kind(&self) -> MemberKind {
        if self.guardians.is_empty() { MemberKind::Adult } else { MemberKind::Child }
    }

    fn guardian_ids(&self) -> Vec<String> {
        self.guardians.iter().copied().map(printed).collect()
    }
}

fn printed(id: u128) -> String {
    MemberId::from_uuid(Uuid::from_u128(id)).to_string()
}

/// Puts our service token and a deadline on each call.
#[derive(Clone)]
struct Proof(Credentials);

impl Interceptor for Proof {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.0.token_for(Peer::CustomerService);
        let token = token.map_err(|error| Status::internal(error.to_string()))?;
        let value = format!("Bearer {token}").parse();
        let value = value.map_err(|_| Status::internal("the token fits into no header"))?;
        request.metadata_mut().insert("authorization", value);
        request.set_timeout(DEADLINE);
        Ok(request)
    }
}

type Customers = CustomerServiceClient<InterceptedService<Channel, Proof>>;

fn customers(plan: &Plan) -> Result<Customers> {
    let seed = SecretString::from(plan.secrets.key(Peer::Launcher));
    let proof = Proof(Credentials::from_text(Peer::Launcher, &seed)?);
    let url = format!("http://127.0.0.1:{}", plan.ports.customer_grpc);
    let channel = Endpoint::from_shared(url)?.timeout(DEADLINE).connect_lazy();
    Ok(CustomerServiceClient::with_interceptor(channel, proof))
}

/// Makes the demo family, where it is not there yet.
pub(crate) async fn seed(plan: &Plan) -> Result<()> {
    let mut customers = customers(plan)?;
    for relative in &FAMILY {
        let request = CreateMemberRequest {
            id: relative.member_id(),
            name: relative.name.to_owned(),
            emoji: relative.emoji.to_owned(),
            colour: relative.colour.to_owned(),
            roles: relative.roles.iter().map(|role| i32::from(*role)).collect(),
            opening_beans: OPENING_BEANS,
            kind: relative.kind().into(),
            guardian_ids: relative.guardian_ids(),
        };
        match customers.create_member(request).await {
            Ok(_) => {}
            Err(status) if status.code() == Code::AlreadyExists => {}
            Err(status) => {
                return Err(status).with_context(|| format!("seed {}", relative.name));
            }
        }
    }
    Ok(())
}

/// A fresh sign-in link for each member, one a line, and the first as a QR code.
pub(crate) async fn links(plan: &Plan, pages: &str) -> Result<String> {
    let mut customers = customers(plan)?;
    let mut members =
        customers.list_members(ListMembersRequest {}).await.context("list the members")?;
    let members = &mut members.get_mut().members;
    // A guest comes in by a host's pass.
    members.retain(|member| member.kind() != MemberKind::Guest);
    if members.is_empty() {
        return Ok("Nobody is in the family yet.\n".to_owned());
    }
    members.sort_by_cached_key(|member| (rank(member), member.name.clone()));
    let mut text = String::from(
        "Sign in, each link once, within 24 hours (`everything links` makes fresh ones, \
         `everything admin-link` one for the first admin that is good until it is used):\n\n",
    );
    let mut first = None;
    for member in members.iter() {
        let request = CreateSignInLinkRequest {
            member_id: member.id.clone(),
            label: "printed by the launcher".to_owned(),
            ..CreateSignInLinkRequest::default()
        };
        let link = customers
            .create_sign_in_link(request)
            .await
            .with_context(|| format!("make a link for {}", member.name))?;
        let url = format!("{pages}/sign-in/{}", link.into_inner().secret);
        writeln!(text, "    {} {:<8} {:<16} {url}", member.emoji, member.name, roles(member))?;
        first.get_or_insert_with(|| (member.name.clone(), url));
    }
    if let Some((name, url)) = first {
        writeln!(text, "\n{}\n    {name}'s link", qr(&url)?)?;
    }
    Ok(text)
}

/// The link of a family in which nobody has ever signed in: whoever opens it sets
/// up the rest.
pub(crate) async fn first_link(plan: &Plan, pages: &str) -> Result<String> {
    let expected = customers(plan)?.list_invited(ListInvitedRequest {}).await;
    let expected = expected.context("list who has not come yet")?.into_inner().invited;
    if everybody(plan).await?.len() == expected.len() {
        return admin_link(plan, pages).await;
    }
    Ok("`everything admin-link` prints a link that signs an admin in.\n".to_owned())
}

/// A link for the first admin, who is made where there is none.
pub(crate) async fn admin_link(plan: &Plan, pages: &str) -> Result<String> {
    let is_admin = |member: &Member| member.roles().any(|role| role == Role::Admin);
    let mut customers = customers(plan)?;
    let admin = match everybody(plan).await?.into_iter().find(is_admin) {
        Some(admin) => admin,
        None => {
            // An id of its own, so that two who ask at once make one admin.
            let request = CreateMemberRequest {
                id: MemberId::from_uuid(Uuid::from_u128(FIRST_ADMIN)).to_string(),
                name: "Admin".to_owned(),
                roles: vec![Role::Admin.into(), Role::Barista.into()],
                ..CreateMemberRequest::default()
            };
            customers.create_member(request).await.context("make the first admin")?.into_inner()
        }
    };
    let request = CreateSignInLinkRequest {
        member_id: admin.id,
        label: "printed for the first admin".to_owned(),
        until_used: true,
        ..CreateSignInLinkRequest::default()
    };
    let link = customers.create_sign_in_link(request).await.context("make the admin's link")?;
    let url = format!("{pages}/sign-in/{}", link.into_inner().secret);
    let name = admin.name;
    Ok(format!(
        "Sign in as {name}, who runs the family and invites the others. The link is good until\n\
         it is used, once; `everything admin-link` prints another in its place:\n\n    {url}\n\n\
         {}\n    {name}'s link\n",
        qr(&url)?
    ))
}

async fn everybody(plan: &Plan) -> Result<Vec<Member>> {
    let members = customers(plan)?.list_members(ListMembersRequest {}).await;
    Ok(members.context("list the members")?.into_inner().members)
}

/// Counts the statistics anew from the topic.
pub(crate) async fn rebuild_statistics(plan: &Plan) -> Result<String> {
    let answer = customers(plan)?.rebuild_projections(RebuildProjectionsRequest {}).await?;
    let generation = answer.into_inner().generation;
    Ok(format!("Counting anew, as generation {generation}; it catches up with Kafka by itself."))
}

fn rank(member: &Member) -> usize {
    FAMILY.iter().position(|it| it.member_id() == member.id).unwrap_or(FAMILY.len())
}

fn roles(member: &Member) -> &'static str {
    // Who may do most comes first, and everybody is a member.
    let holds = |role: Role| member.roles().any(|held| held == role);
    match (holds(Role::Admin), holds(Role::Barista)) {
        (true, true) => "admin, barista",
        (true, false) => "admin",
        (false, true) => "barista",
        (false, false) => "member",
    }
}

/// Half blocks, two rows a line; the light squares are drawn, as terminals are mostly dark.
pub(crate) fn qr(url: &str) -> Result<String> {
    let code = QrCode::new(url).context("draw the QR code")?;
    let drawing =
        code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Ok(drawing.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_familys_ids_are_stable_and_distinct() {
        let ids: std::collections::BTreeSet<String> =
            FAMILY.iter().map(Relative::member_id).collect();
        assert_eq!(ids.len(), FAMILY.len());
        assert!(ids.iter().all(|id| id.parse::<MemberId>().is_ok()));
        assert_eq!(FAMILY[0].member_id(), "mem_01k8000000e00800000000005d");
    }

    #[test]
    fn a_qr_code_has_a_line_for_two_rows() {
        let drawing = qr("http://localhost:8080/sign-in/abc").unwrap();
        let widths: Vec<usize> = drawing.lines().map(|line| line.chars().count()).collect();
        assert!(widths.len() > 10 && widths.iter().all(|width| *width == widths[0]), "{drawing}");
    }
}

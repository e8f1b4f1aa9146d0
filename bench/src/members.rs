//! Members to order with, made and signed in as the launcher does it: as the
//! peer `launcher`, with the key of the data folder.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use runtime::tokens::Credentials;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
        CreateMemberRequest, CreateSignInLinkRequest, Role,
        customer_service_client::CustomerServiceClient,
    },
};

use crate::api::Api;

/// The first one's id; the others follow. The same in every data folder.
const FIRST: u128 = 0x019a_0000_0000_7000_8000_0000_0001_0000;
const DEADLINE: Duration = Duration::from_secs(5);

/// Somebody who is signed in. The first of all works the counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) member: String,
    pub(crate) token: String,
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

fn customers(data: &Path) -> Result<Customers> {
    let read = |name: &str| {
        let path = data.join(name);
        fs::read(&path).with_context(|| format!("read {}", path.display()))
    };
    let secrets: Value = serde_json::from_slice(&read("secrets.json")?)?;
    let ports: BTreeMap<String, u16> = serde_json::from_slice(&read("ports.json")?)?;
    let seed = secrets["launcher_key"].as_str().context("no launcher_key in secrets.json")?;
    let port = ports.get("customer_grpc").context("no customer_grpc in ports.json")?;
    let proof = Proof(Credentials::from_text(Peer::Launcher, &SecretString::from(seed))?);
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.connect_lazy();
    Ok(CustomerServiceClient::with_interceptor(channel, proof))
}

/// Makes whoever is missing and signs everybody in.
pub(crate) async fn sign_in(api: &Api, data: &Path, count: u16) -> Result<Vec<Person>> {
    let mut customers = customers(data)?;
    let mut people = Vec::with_capacity(count.into());
    for number in 0..count {
        let id = MemberId::from_uuid(Uuid::from_u128(FIRST + u128::from(number)));
        let roles: &[Role] =
            if number == 0 { &[Role::Barista, Role::Member] } else { &[Role::Member] };
        let request = CreateMemberRequest {
            id: id.to_string(),
            name: format!("Bench {number}"),
            emoji: "☕".to_owned(),
            colour: "#a0522d".to_owned(),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            opening_beans: 50,
            ..CreateMemberRequest::default()
        };
        match customers.create_member(request).await {
            Ok(_) => {}
            Err(status) if status.code() == Code::AlreadyExists => {}
            Err(status) => return Err(status).with_context(|| format!("make member {number}")),
        }
        let request = CreateSignInLinkRequest {
            member_id: id.to_string(),
            label: "cargo xtask bench".to_owned(),
            ..CreateSignInLinkRequest::default()
        };
        let link = customers.create_sign_in_link(request).await.context("make a sign-in link")?;
        let token = api.sign_in(&link.into_inner().secret).await?;
        people.push(Person { member: id.to_string(), token });
    }
    Ok(people)
}

/// Keeps the tokens, which are good for a quarter of an hour, for the runs.
pub(crate) fn keep(file: &Path, people: &[Person]) -> Result<()> {
    let write = || fs::write(file, serde_json::to_vec_pretty(people)?).map_err(anyhow::Error::from);
    write().with_context(|| format!("write {}", file.display()))
}

pub(crate) fn kept(file: &Path) -> Result<Vec<Person>> {
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let people: Vec<Person> = serde_json::from_slice(&bytes)?;
    anyhow::ensure!(!people.is_empty(), "nobody is signed in in {}", file.display());
    Ok(people)
}

//! Configuration: environment variables and flags, typed by `clap`; unknown
//! variables with our prefix are refused, secrets may stand in files, and what
//! is in force can be printed with the secrets hidden.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    net::SocketAddr,
};

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use secrecy::SecretString;

use crate::tokens::{PeerKeys, key_to_text};

/// Every variable of ours begins so.
pub const PREFIX: &str = "EVERYTHING_";
/// These belong to the tests and are never refused.
pub const TEST_PREFIX: &str = "EVERYTHING_TEST_";

/// What every service needs.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where /livez, /readyz and /metrics are served; never to the outside.
    #[arg(long, env = "EVERYTHING_ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,
    /// What is logged, in the syntax of tracing's env-filter.
    #[arg(long, env = "EVERYTHING_LOG", default_value = "info")]
    pub log: String,
    /// How log lines look.
    #[arg(long, env = "EVERYTHING_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Where spans go (OTLP over gRPC); absent: nowhere.
    #[arg(long, env = "EVERYTHING_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// This service's Ed25519 seed: 32 bytes in base64url.
    #[arg(long, env = "EVERYTHING_SERVICE_KEY", hide_env_values = true)]
    pub service_key: SecretString,
    /// The services' public keys: "server=<base64url>,order-service=…".
    #[arg(long, env = "EVERYTHING_PEER_KEYS")]
    pub peer_keys: String,
    /// Seconds between turning not ready and stopping to take work, in which
    /// load balancers forget us.
    #[arg(long, env = "EVERYTHING_PRE_STOP_SECONDS", default_value_t = 0)]
    pub pre_stop_seconds: u64,
    /// Seconds that work under way gets to end.
    #[arg(long, env = "EVERYTHING_DRAIN_SECONDS", default_value_t = 5)]
    pub drain_seconds: u64,
}

impl Config {
    /// For tests: loopback, a free port, quiet, leaves without waiting.
    pub fn for_test(seed: &[u8; 32], peers: &PeerKeys) -> Self {
        Self {
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            log: "warn".to_owned(),
            log_format: LogFormat::Text,
            otlp_endpoint: None,
            service_key: key_to_text(seed).into(),
            peer_keys: peers.to_text(),
            pre_stop_seconds: 0,
            drain_seconds: 5,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For a person.
    Text,
    /// One JSON object per line.
    Json,
}

/// Reads flags and environment, or prints what is wrong and ends the process
/// (exit code 2), as `clap` does.
pub fn parse<C: clap::Parser>() -> C {
    try_parse(std::env::args_os().collect(), &environment()).unwrap_or_else(|error| error.exit())
}

/// The same from given arguments (the first is the program's name) and variables;
/// `clap` itself still reads the process's environment for the plain ones.
pub fn try_parse<C: CommandFactory + FromArgMatches>(
    mut arguments: Vec<OsString>,
    environment: &BTreeMap<String, String>,
) -> Result<C, clap::Error> {
    let mut command = C::command();
    let refuse = |command: &mut Command, message: String| {
        command.error(clap::error::ErrorKind::ValueValidation, message)
    };
    let unknown = unknown_variables(&command, environment.keys().map(String::as_str));
    if !unknown.is_empty() {
        let message = format!("unknown environment variable: {}", unknown.join(", "));
        return Err(refuse(&mut command, message));
    }
    match secrets_in_files(&command, &arguments, environment) {
        Ok(more) => arguments.extend(more),
        Err(message) => return Err(refuse(&mut command, message)),
    }
    let matches = command.try_get_matches_from_mut(arguments)?;
    C::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The configuration in force of the command that was chosen, a `name = value`
/// per line, secrets hidden.
pub fn describe<C: CommandFactory>() -> String {
    let mut command = C::command();
    let environment = environment();
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    arguments.extend(secrets_in_files(&command, &arguments, &environment).unwrap_or_default());
    match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => describe_matches(&command, &matches),
        Err(error) => error.to_string(),
    }
}

fn describe_matches(command: &Command, matches: &ArgMatches) -> String {
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        return describe_matches(command, matches);
    }
    let mut lines = String::new();
    for argument in command.get_arguments().filter(|argument| argument.get_env().is_some()) {
        let name = argument.get_env().map(|name| name.to_string_lossy()).unwrap_or_default();
        let value = match matches.try_get_raw(argument.get_id().as_str()) {
            Ok(Some(_)) if argument.is_hide_env_values_set() => "(hidden)".to_owned(),
            Ok(Some(values)) => {
                values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",")
            }
            Ok(None) | Err(_) => "(not set)".to_owned(),
        };
        lines.push_str(&format!("{name} = {value}\n"));
    }
    lines
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

/// Every variable that some part of the program reads, whichever part this
/// process plays: so that one file of settings can serve all of them.
fn known_variables(command: &Command, known: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        if let Some(name) = argument.get_env().and_then(|name| name.to_str()) {
            known.insert(name.to_owned());
            if argument.is_hide_env_values_set() {
                known.insert(format!("{name}_FILE"));
            }
        }
    }
    command.get_subcommands().for_each(|command| known_variables(command, known));
}

fn unknown_variables<'a>(command: &Command, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = BTreeSet::new();
    known_variables(command, &mut known);
    names
        .filter(|name| name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX))
        .filter(|name| !known.contains(*name))
        .collect()
}

/// `--flag=content` for each secret of the chosen command whose `X_FILE` is set.
/// The process's real arguments do not change: nothing of it shows in `ps`.
fn secrets_in_files(
    command: &Command,
    arguments: &[OsString],
    environment: &BTreeMap<String, String>,
) -> Result<Vec<OsString>, String> {
    let mut chosen = command;
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        chosen = chosen.find_subcommand(word).unwrap_or(chosen);
    }
    let mut more = Vec::new();
    for argument in chosen.get_arguments().filter(|argument| argument.is_hide_env_values_set()) {
        let (Some(name), Some(flag)) =
            (argument.get_env().and_then(|name| name.to_str()), argument.get_long())
        else {
            continue;
        };
        let file_variable = format!("{name}_FILE");
        let Some(path) = environment.get(&file_variable) else { continue };
        if environment.contains_key(name) {
            return Err(format!("both {name} and {file_variable} are set: choose one"));
        }
        let content = std::fs::read_to_string(path)
            .map_err(|error| format!("{file_variable} names {path}: {error}"))?;
        more.push(format!("--{flag}={}", content.trim_end_matches(['\r', '\n'])).into());
    }
    Ok(more)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(subcommand)]
        part: Part,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Part {
        Serve {
            #[arg(long, env = "EVERYTHING_ONLY_HERE_SECRET", hide_env_values = true)]
            key: SecretString,
            #[arg(long, env = "EVERYTHING_ONLY_HERE_PLAIN", default_value = "plain")]
            plain: String,
        },
        Other,
    }

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name() {
        let environment = BTreeMap::from([("EVERYTHING_TYPO".to_owned(), "x".to_owned())]);
        let error = try_parse::<Program>(words("everything other"), &environment).unwrap_err();
        assert!(error.to_string().contains("EVERYTHING_TYPO"), "{error}");
    }

    #[test]
    fn variables_of_other_parts_of_tests_and_of_others_are_not_refused() {
        let environment = BTreeMap::from(
            [
                "EVERYTHING_ONLY_HERE_PLAIN",
                "EVERYTHING_ONLY_HERE_SECRET_FILE",
                "EVERYTHING_TEST_X",
                "PATH",
            ]
            .map(|name| (name.to_owned(), "x".to_owned())),
        );
        let parsed = try_parse::<Program>(words("everything other"), &environment).unwrap();
        assert!(matches!(parsed.part, Part::Other));
    }

    #[test]
    fn a_secret_may_stand_in_a_file_and_is_never_shown() {
        let path = std::env::temp_dir().join(format!("secret-{}", std::process::id()));
        std::fs::write(&path, "tell nobody\n").unwrap();
        let environment = BTreeMap::from([(
            "EVERYTHING_ONLY_HERE_SECRET_FILE".to_owned(),
            path.to_str().unwrap().to_owned(),
        )]);
        let parsed = try_parse::<Program>(words("everything serve"), &environment).unwrap();
        let Part::Serve { key, plain } = &parsed.part else { panic!("{parsed:?}") };
        assert_eq!((key.expose_secret(), plain.as_str()), ("tell nobody", "plain"));
        assert!(!format!("{parsed:?}").contains("tell nobody"));
        let command = Program::command();
        let matches = command.clone().get_matches_from(words("everything serve --key=tell-nobody"));
        let shown = describe_matches(&command, &matches);
        assert_eq!(
            shown,
            "EVERYTHING_ONLY_HERE_SECRET = (hidden)\nEVERYTHING_ONLY_HERE_PLAIN = plain\n"
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_secret_twice_or_in_a_missing_file_is_an_error() {
        let mut environment = BTreeMap::from([(
            "EVERYTHING_ONLY_HERE_SECRET_FILE".to_owned(),
            "/nowhere/at/all".to_owned(),
        )]);
        let error = try_parse::<Program>(words("everything serve"), &environment).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
        environment.insert("EVERYTHING_ONLY_HERE_SECRET".to_owned(), "x".to_owned());
        let error = try_parse::<Program>(words("everything serve"), &environment).unwrap_err();
        assert!(error.to_string().contains("choose one"), "{error}");
    }
}

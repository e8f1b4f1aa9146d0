//! `everything up`: engines, then services, then the family; then it watches.
//! The services start as soon as PostgreSQL is there, as nothing that people
//! wait for waits for the others.

use std::{
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Result;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    check,
    cli::Up,
    commands,
    control::{Control, PARTS, Planned},
    data::{self, Data},
    engines::{self, Plan, temporal},
    family,
    https::House,
    install::Want,
    screen::{Screen, Tone},
    services::{self, Front},
    supervise::{Board, Part, Supervisor},
};

/// Kept running, and told to stop, together.
struct Group {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Group {
    fn new() -> Self {
        Self { tasks: JoinSet::new(), stop: CancellationToken::new() }
    }

    fn add(&mut self, supervisor: &Supervisor, part: Part) {
        self.tasks.spawn(supervisor.clone().keep(part, self.stop.clone()));
    }

    /// Returns when the last one has ended; each has a bound of its own.
    async fn end(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

pub(crate) async fn run(args: Up, screen: &Screen) -> Result<ExitCode> {
    let began = Instant::now();
    let (data, _held) = data::take(&args.place.data)?;
    let (stop, board) = (CancellationToken::new(), Board::new());
    let mut background = JoinSet::new();
    background.spawn(listen_for_signals(stop.clone()));
    let planned = Arc::new(OnceLock::new());
    let control = Control { board: board.clone(), stop: stop.clone(), planned: planned.clone() };
    background.spawn(answer(control, data.clone(), screen.clone()));
    let front = match House::open(&args, &data, screen)? {
        Some(house) => Front::in_the_house(house),
        None => Front::on_this_machine(args.port),
    };
    let plan = tokio::select! {
        plan = plan(&data, &front, screen) => plan?,
        () = stop.cancelled() => {
            screen.line("everything", "stopped before anything was started");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let _ = planned.set(answers(&plan, &front));
    if let Some(house) = front.house.clone() {
        background.spawn(house.keep(data.clone(), screen.clone(), stop.clone()));
    }
    let supervisor = Supervisor { data, screen: screen.clone(), board: board.clone() };
    let (mut engines, mut services) = (Group::new(), Group::new());
    let (engine_parts, service_parts) = (engines::parts(&plan), services::parts(&plan, &front)?);
    engine_parts.iter().chain(&service_parts).for_each(|part| board.add(part));
    for part in engine_parts {
        engines.add(&supervisor, part);
    }
    background.spawn(board.clone().show(PARTS.to_vec(), screen.clone()));

    let starting = async {
        board.wait_up(&["postgres"]).await;
        for part in service_parts {
            services.add(&supervisor, part);
        }
        board.wait_up(&["customer-service", "order-service", "server"]).await;
        greet(&args, &plan, &front, screen, began).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = starting => {}
        () = stop.cancelled() => {}
    }
    let stopping = Instant::now();
    screen.line("everything", "stopping: services first, then engines");
    services.end().await;
    engines.end().await;
    background.shutdown().await;
    screen.state(String::new());
    screen.line("everything", &format!("stopped in {:.1} s", stopping.elapsed().as_secs_f32()));
    Ok(ExitCode::SUCCESS)
}

/// All that is checked, installed and chosen before the first process starts.
async fn plan(data: &Data, front: &Front, screen: &Screen) -> Result<Plan> {
    check::disk(data)?;
    let strays = commands::stop_strays(data).await?;
    if strays > 0 {
        screen.line("everything", &format!("stopped {strays} parts that a killed run had left"));
    }
    front.check()?;
    Plan::make(data, Want::Engines, &front.ports(), screen).await
}

/// The addresses that people want.
fn addresses(plan: &Plan, front: &Front) -> String {
    let pages = &front.url;
    let house = front.house.as_ref().map(House::addresses).unwrap_or_default();
    let workflows =
        format!("{}/namespaces/{}/workflows", temporal::ui_url(plan), temporal::NAMESPACE);
    format!(
        "    Menu and orders  {pages}\n    Counter          {pages}/counter\n    \
         API docs         {pages}/docs\n    Workflows        {workflows}\n{house}"
    )
}

/// What other terminals may ask for from now on.
fn answers(plan: &Plan, front: &Front) -> Planned {
    let (for_links, for_rebuild, url) = (plan.clone(), plan.clone(), front.url.clone());
    let (for_admin, admins_url) = (plan.clone(), front.url.clone());
    Planned {
        admin_link: Arc::new(move || {
            let (plan, url) = (for_admin.clone(), admins_url.clone());
            Box::pin(async move { family::admin_link(&plan, &url).await })
        }),
        links: Arc::new(move || {
            let (plan, url) = (for_links.clone(), url.clone());
            Box::pin(async move { family::links(&plan, &url).await })
        }),
        rebuild: Arc::new(move || {
            let plan = for_rebuild.clone();
            Box::pin(async move { family::rebuild_statistics(&plan).await })
        }),
        addresses: addresses(plan, front),
    }
}

/// Answers the other terminals.
async fn answer(control: Control, data: Data, screen: Screen) {
    if let Err(error) = control.serve(data).await {
        let text = format!("other terminals cannot reach this one: {error:#}");
        screen.toned("everything", &text, Tone::Bad);
    }
}

/// After so long without links people are told, and it goes on trying.
const LINKS_LIMIT: Duration = Duration::from_secs(30);

/// Seeds the family, tells where to go and how to sign in.
async fn greet(args: &Up, plan: &Plan, front: &Front, screen: &Screen, began: Instant) {
    let prepare = async || {
        if !args.no_demo {
            family::seed(plan).await?;
        }
        services::know_people(plan).await?;
        if args.no_demo {
            return family::first_link(plan, &front.url).await;
        }
        family::links(plan, &front.url).await
    };
    let (mut told, asked) = (false, Instant::now());
    let links = loop {
        match prepare().await {
            Ok(links) => break links,
            Err(error) if !told && asked.elapsed() > LINKS_LIMIT => {
                told = true;
                let text = format!("nobody can sign in yet, trying on: {error:#}");
                screen.toned("everything", &text, Tone::Bad);
            }
            Err(_) if told => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let seconds = began.elapsed().as_secs_f32();
    screen.text(&format!(
        "\nReady for the first order, {seconds:.1} s after the start. Ctrl-C stops it.\n\n{}\n\
         {}{links}",
        addresses(plan, front),
        front.house.as_ref().map(House::qr).unwrap_or_default()
    ));
}

/// The first signal asks to stop in order; the second leaves the rest to the guards.
async fn listen_for_signals(stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let Ok(mut stream) = signal(kind) else { continue };
        let stop = stop.clone();
        tasks.spawn(async move {
            while stream.recv().await.is_some() {
                if stop.is_cancelled() {
                    std::process::exit(130);
                }
                stop.cancel();
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

//! `everything up`: engines, then services, then the family; then it watches.
//! The services start as soon as PostgreSQL is there, as nothing that people
//! wait for waits for the others.

use std::{process::ExitCode, sync::Arc, time::Duration};

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
    control::{self, Control, PARTS},
    engines::{self, Plan, temporal},
    family,
    install::{self, Want},
    paths::Data,
    ports::{self, Ports},
    screen::{Screen, Tone},
    secrets::Secrets,
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

pub(crate) async fn run(args: Up) -> Result<ExitCode> {
    let began = Instant::now();
    let screen = Screen::new();
    let data = Data::create(&args.place.data)?;
    let _held = control::hold(&data)?;
    let stop = CancellationToken::new();
    let mut background = JoinSet::new();
    background.spawn(listen_for_signals(stop.clone()));
    let front = match args.lan {
        true => Front::in_the_house(args.port)?,
        false => Front::on_this_machine(args.port),
    };
    let plan = tokio::select! {
        plan = plan(&args, &data, &screen) => plan?,
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let board = Board::new();
    let supervisor = Supervisor { data, screen: screen.clone(), board: board.clone() };
    let (mut engines, mut services) = (Group::new(), Group::new());
    let (engine_parts, service_parts) = (engines::parts(&plan), services::parts(&plan, &front)?);
    engine_parts.iter().chain(&service_parts).for_each(|part| board.add(part));
    for part in engine_parts {
        engines.add(&supervisor, part);
    }
    background.spawn(board.clone().show(PARTS.to_vec(), screen.clone()));
    background.spawn(answer(&plan, &front, &board, &stop, &screen));

    let starting = async {
        board.wait_up(&["postgres"]).await;
        for part in service_parts {
            services.add(&supervisor, part);
        }
        board.wait_up(&["customer-service", "order-service", "server"]).await;
        greet(&args, &plan, &front, &screen, began).await;
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

/// All that is checked and chosen before the first process starts.
async fn plan(args: &Up, data: &Data, screen: &Screen) -> Result<Plan> {
    check::disk(data)?;
    let strays = control::stop_strays(data).await?;
    if strays > 0 {
        screen.line("everything", &format!("stopped {strays} parts that a killed run had left"));
    }
    ports::check_pages_port(args.port)?;
    let installed = install::ensure(Want::Engines, screen).await?;
    let ports = Ports::keep_or_choose(data, screen)?;
    Ok(Plan { installed, data: data.clone(), ports, secrets: Secrets::keep_or_make(data)? })
}

/// The addresses that people want.
fn addresses(plan: &Plan, front: &Front) -> String {
    let pages = &front.url;
    let workflows =
        format!("{}/namespaces/{}/workflows", temporal::ui_url(plan), temporal::NAMESPACE);
    format!(
        "    Menu and orders  {pages}\n    Counter          {pages}/counter\n    \
         API docs         {pages}/docs\n    Workflows        {workflows}\n"
    )
}

/// Answers the other terminals.
fn answer(
    plan: &Plan,
    front: &Front,
    board: &Board,
    stop: &CancellationToken,
    screen: &Screen,
) -> impl Future<Output = ()> + Send + use<> {
    let (for_links, url) = (plan.clone(), front.url.clone());
    let for_rebuild = plan.clone();
    let control = Control {
        board: board.clone(),
        stop: stop.clone(),
        links: Arc::new(move || {
            let (plan, url) = (for_links.clone(), url.clone());
            Box::pin(async move { family::links(&plan, &url).await })
        }),
        rebuild: Arc::new(move || {
            let plan = for_rebuild.clone();
            Box::pin(async move { family::rebuild_statistics(&plan).await })
        }),
        addresses: addresses(plan, front),
    };
    let (data, screen) = (plan.data.clone(), screen.clone());
    async move {
        if let Err(error) = control.serve(data).await {
            let text = format!("other terminals cannot reach this one: {error:#}");
            screen.toned("everything", &text, Tone::Bad);
        }
    }
}

/// Seeds the family, tells where to go and how to sign in.
async fn greet(args: &Up, plan: &Plan, front: &Front, screen: &Screen, began: Instant) {
    let prepare = async || {
        if !args.no_demo {
            family::seed(plan).await?;
        }
        services::know_people(plan).await?;
        family::links(plan, &front.url).await
    };
    let end = Instant::now() + Duration::from_secs(30);
    let links = loop {
        match prepare().await {
            Ok(links) => break links,
            Err(error) if Instant::now() > end => {
                let text = format!("no sign-in links: {error:#}; try `everything links`");
                screen.toned("everything", &text, Tone::Bad);
                break String::new();
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let seconds = began.elapsed().as_secs_f32();
    screen.text(&format!(
        "\nReady for the first order, {seconds:.1} s after the start. Ctrl-C stops it.\n\n{}\n{links}",
        addresses(plan, front)
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

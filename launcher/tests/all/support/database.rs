use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;

/// One connection to PostgreSQL as its superuser, for what no person can do.
pub(crate) struct Session {
    runtime: Runtime,
    connection: PgConnection,
}

impl Session {
    pub(crate) fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(PgConnection::connect(url)).unwrap();
        Self { runtime, connection }
    }

    pub(crate) fn run(&mut self, statement: &str) -> sqlx::Result<()> {
        let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()));
        self.runtime.block_on(statement.execute(&mut self.connection)).map(drop)
    }

    pub(crate) fn number(&mut self, question: &str) -> i64 {
        let question = sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned()));
        self.runtime.block_on(question.fetch_one(&mut self.connection)).unwrap()
    }
}

//! A database of its own for each test.

use anyhow::{Context, Result};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{engines, finally, unique};

/// A fresh, empty database on the test PostgreSQL; dropped soon after this value,
/// whoever is still connected.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// Creates it; the prefix (letters and underscores) helps to recognise it.
    pub async fn create(prefix: &str) -> Result<Self> {
        let name = unique(&format!("test_{prefix}"), '_');
        let admin = engines().postgres_url;
        execute(&admin, format!(r#"CREATE DATABASE "{name}""#)).await?;
        let (server, _) = admin.rsplit_once('/').context("the URL names no database")?;
        let url = format!("{server}/{name}");
        Ok(Self { name, url })
    }

    /// Its address, as the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A small pool of connections to it.
    pub async fn pool(&self) -> Result<PgPool> {
        let options: PgConnectOptions = self.url.parse()?;
        let pool = PgPoolOptions::new().max_connections(8);
        Ok(pool.connect_with(options.disable_statement_logging()).await?)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!(r#"DROP DATABASE "{}" WITH (FORCE)"#, self.name);
        // Not waited for: PostgreSQL first waits for all who are just signing in, a minute
        // if need be, and those may be tasks of the very thread that drops this.
        std::thread::spawn(|| {
            finally(|| async move { execute(&engines().postgres_url, statement).await })
        });
    }
}

async fn execute(url: &str, statement: String) -> Result<()> {
    let mut connection = PgConnection::connect(url).await.context("connect to PostgreSQL")?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

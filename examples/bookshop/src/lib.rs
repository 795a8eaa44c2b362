//! A small shop: enough of an application to own its migrations.

pub mod schema;

use diesel::prelude::*;
use diesel_migrations::{embed_migrations, EmbeddedMigrations, MigrationHarness};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Bring the database up to date, as the application does when it starts.
pub fn migrate(connection: &mut PgConnection) -> diesel::migration::Result<()> {
    connection.run_pending_migrations(MIGRATIONS).map(drop)
}

/// The titles of an author, in alphabetical order.
pub fn titles_of(connection: &mut PgConnection, author: &str) -> QueryResult<Vec<String>> {
    use schema::{authors, books};
    books::table
        .inner_join(authors::table)
        .filter(authors::name.eq(author))
        .order(books::title)
        .select(books::title)
        .load(connection)
}

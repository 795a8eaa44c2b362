//! A book of accounts, double entry: every entry's postings sum to zero.

pub mod schema;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_migrations::{embed_migrations, EmbeddedMigrations, MigrationHarness};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Bring the book up to date, as the application does when it starts.
pub fn migrate(connection: &mut SqliteConnection) -> diesel::migration::Result<()> {
    connection.run_pending_migrations(MIGRATIONS).map(drop)
}

/// Book an entry with its postings, account and cents each; `None`, and nothing booked, where they don't sum to zero.
pub fn book(
    connection: &mut SqliteConnection,
    day: NaiveDate,
    lines: &[(i32, i64)],
) -> QueryResult<Option<i32>> {
    use schema::{entries, postings};
    if lines.iter().map(|(_, cents)| cents).sum::<i64>() != 0 {
        return Ok(None);
    }
    connection.transaction(|connection| {
        let entry: i32 = diesel::insert_into(entries::table)
            .values(entries::booked_on.eq(day))
            .returning(entries::id)
            .get_result(connection)?;
        for (line, (account, cents)) in (1..).zip(lines) {
            diesel::insert_into(postings::table)
                .values((
                    postings::entry_id.eq(entry),
                    postings::line.eq(line),
                    postings::account_id.eq(account),
                    postings::cents.eq(cents),
                ))
                .execute(connection)?;
        }
        Ok(Some(entry))
    })
}

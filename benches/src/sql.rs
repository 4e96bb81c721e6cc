//! The same diff in SQL: two tables in memory, with the key that suits the question best.

use crate::floor::Result;
use crate::world::{TableRow, World};
use rusqlite::Connection;

/// What is to be done, of whom, where, and the new role.
pub type Change = (String, String, String, Option<String>);

/// A database with both tables filled.
#[derive(Debug)]
pub struct Tables(Connection);

impl Tables {
    /// Fills the tables of a world.
    pub fn new(world: &World) -> Result<Self> {
        let mut database = Connection::open_in_memory()?;
        let write = database.transaction()?;
        for (name, rows) in [("desired", &world.desired_rows), ("actual", &world.actual_rows)] {
            write.execute_batch(&format!(
                "CREATE TABLE {name} (workspace TEXT NOT NULL, principal TEXT NOT NULL, role TEXT NOT NULL,
                 PRIMARY KEY (workspace, principal)) WITHOUT ROWID"
            ))?;
            let mut sorted: Vec<&TableRow> = rows.iter().collect();
            sorted.sort_unstable();
            let mut insert = write.prepare(&format!("INSERT INTO {name} VALUES (?1, ?2, ?3)"))?;
            for (workspace, principal, role) in sorted {
                insert.execute((workspace, principal, role))?;
            }
        }
        write.commit()?;
        database.execute_batch("ANALYZE")?;
        Ok(Self(database))
    }

    /// Additions and changes of role from one walk over the desired state, removals from one over what is.
    pub fn diff(&self) -> Result<Vec<Change>> {
        let mut query = self.0.prepare_cached(
            "SELECT CASE WHEN a.role IS NULL THEN 'add' ELSE 'role' END, d.workspace, d.principal, d.role
               FROM desired d LEFT JOIN actual a ON a.workspace = d.workspace AND a.principal = d.principal
              WHERE a.role IS NULL OR a.role <> d.role
             UNION ALL
             SELECT 'remove', a.workspace, a.principal, NULL
               FROM actual a
              WHERE NOT EXISTS
                    (SELECT 1 FROM desired d WHERE d.workspace = a.workspace AND d.principal = a.principal)",
        )?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

"""The generated corpus for MySQL and MariaDB: ``corpus.write`` takes it for its backend once this is imported."""

from __future__ import annotations

import corpus
from corpus import WORDS, Draft


class Mysql(corpus.Sqlite):
    """Writes one migration after another for MySQL, in the same mix as for SQLite."""

    def create_table(self) -> Draft:
        """Write a table, perhaps one that refers to another."""
        name = f"{self.random.choice(WORDS)}s_{self.number}"
        owner = ""
        if self.tables:
            owner = (
                f",\n    owner_id BIGINT,\n    FOREIGN KEY (owner_id) REFERENCES {self.random.choice(self.tables)} (id)"
            )
        self.tables.append(name)
        return Draft(
            name=f"create_{name}",
            up=f"CREATE TABLE {name} (\n    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,\n"
            "    label VARCHAR(60) NOT NULL DEFAULT '',\n"
            f"    made_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP{owner}\n);\n",
            down=f"DROP TABLE {name};\n",
        )

    def create_index(self) -> Draft:
        """Index one column."""
        drafted = super().create_index()
        name, table = drafted.down.split()[-1].rstrip(";"), drafted.up.split()[4]
        return Draft(name=drafted.name, up=drafted.up, down=f"DROP INDEX {name} ON {table};\n")

    def add_trigger(self) -> Draft:
        """Add a trigger."""
        table = self.random.choice(self.tables)
        name = f"{table}_trigger_{self.number}"
        return Draft(
            name=f"trigger_on_{table}",
            up=f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW SET NEW.made_at = CURRENT_TIMESTAMP;\n",
            down=f"DROP TRIGGER {name};\n",
        )


corpus.WRITERS["mysql"] = Mysql

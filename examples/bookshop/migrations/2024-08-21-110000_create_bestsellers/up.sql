CREATE VIEW bestsellers AS
    SELECT books.id, books.title, authors.name AS author, sum(order_lines.copies) AS copies
    FROM books
    JOIN authors ON authors.id = books.author_id
    JOIN order_lines ON order_lines.book_id = books.id
    JOIN orders ON orders.id = order_lines.order_id AND orders.status <> 'cart'
    GROUP BY books.id, books.title, authors.name;

COMMENT ON VIEW bestsellers IS 'What the front page shows';

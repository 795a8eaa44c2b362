-- glowplug: given
INSERT INTO customers (email, full_name) VALUES
    ('ada@bookshop.example', 'Ada King Lovelace'),
    ('grace@bookshop.example', 'Grace Hopper');

-- glowplug: after up
SELECT first_name, middle_name, last_name FROM customers WHERE email <> 'till@bookshop.example' ORDER BY email;
--> Ada | King | Lovelace
--> Grace | '' | Hopper

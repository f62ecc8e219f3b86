"""Small faults made in every reference, to see that its suite notices each: operators, constants, statements, locks."""

idle = { seconds = 1 + 2, names = { a = ["x"] } }

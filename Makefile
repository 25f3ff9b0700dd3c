.PHONY: check test test-all up

check:
	./dev check

test:
	./dev test

test-all:
	./dev test --all

up:
	./dev up

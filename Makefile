# The commands of a developer. What they do is in packaging/dev/, one script each.

.PHONY: help serve test test-v2 fuzz soak bench clean-node
.DEFAULT_GOAL := help

help:
	@echo 'make serve        set everything up and run a node on 127.0.0.1:2000 (PORT=N for another port) until Ctrl-C'
	@echo 'make test         set everything up and run every check and test'
	@echo 'make test-v2      boot two kernels with cgroup v2 only, as production is, and run suites inside (15 minutes)'
	@echo 'make soak         disturb a node at random for 10 minutes (MINUTES=n), seeded (SEED=n)'
	@echo 'make fuzz         feed made-up bytes to every parser, 5 minutes each (MINUTES=N, TARGET=NAME for one of them)'
	@echo 'make bench        measure everything that has a goal beside the bare commands, in less than 10 minutes'
	@echo 'make clean-node   remove the built runtimes and what nodes left (.node/)'

serve:
	@packaging/dev/serve

test:
	@packaging/dev/test

test-v2:
	@packaging/dev/test-v2

soak:
	@packaging/dev/soak

fuzz:
	@packaging/dev/fuzz "$$((60 * $(or $(MINUTES),5)))" $(TARGET)

bench:
	@packaging/dev/bench

clean-node:
	@packaging/dev/clean-node

"""How fast Amplisso is, told in ratios: `make bench` (docs/performance.md). No part of the product."""

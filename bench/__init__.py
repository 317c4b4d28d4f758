"""The speed of Amplisso in ratios: `make bench` (docs/performance.md). No part of the product."""

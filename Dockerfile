# The same scripts on the official Swift image. Build and test:  docker build -t capabilitygraph .
# Run the sample:  docker run --rm -it capabilitygraph
FROM swift:6.2-bookworm
WORKDIR /capabilitygraph
COPY scripts/setup scripts/setup
RUN scripts/setup --tests
COPY . .
RUN scripts/test
CMD ["bash", "-c", "scripts/start && exec bash --rcfile .data/env"]

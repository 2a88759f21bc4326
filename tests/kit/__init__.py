"""What tests are made of: servers, processes, clients, and a model to compare with."""

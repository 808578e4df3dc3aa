docker compose top app

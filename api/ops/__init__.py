"""What operators see: health, figures, the dashboard."""
